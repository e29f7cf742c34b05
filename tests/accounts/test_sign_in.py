"""Signing in and out: one answer for every wrong try, limits shared by all workers, everything audited."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.models import Session
from pytest_django import Settings

import webnet.settings
from tests.accounts.hashing import CountingHasher
from tests.accounts.requests import make_request
from tests.factories import PASSWORD, make_token, make_user
from webnet.accounts import password_hashing, sessions
from webnet.accounts.authentication import authenticate_request
from webnet.accounts.models import SignInAttempts
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3a"


def try_wrongly(username: str = "ada", *, address: str = "192.0.2.1") -> None:
    with pytest.raises(PermissionDenied):
        sessions.sign_in(make_request(REMOTE_ADDR=address), username=username, password=CANARY)


def test_sign_in_starts_a_session_and_is_audited(audited):
    user = make_user(password=PASSWORD)
    request = make_request()

    signed_in = sessions.sign_in(request, username="ada", password=PASSWORD)

    assert signed_in == user
    assert authenticate_request(request).user == user
    assert authenticate_request(request).platform_token
    assert audited() == [("sign_in", "succeeded", "")]
    assert PluginAuditLog.objects.get().actor_id == user.pk


@pytest.mark.slow
def test_a_password_is_kept_as_a_slow_hash_where_no_test_says_otherwise(settings: Settings):
    settings.PASSWORD_HASHERS = webnet.settings.PASSWORD_HASHERS
    user = make_user(password=PASSWORD)

    assert sessions.sign_in(make_request(), username="ada", password=PASSWORD) == user
    assert user.password.startswith("argon2$argon2id$v=19$m=65536,t=3,p=1$")
    try_wrongly()


@pytest.mark.slow
def test_a_hash_of_an_earlier_version_is_replaced_when_its_user_signs_in(settings: Settings):
    settings.PASSWORD_HASHERS = webnet.settings.PASSWORD_HASHERS
    user = make_user()
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6, iterations=1000)
    user.save()
    request = make_request()

    try_wrongly()
    before = User.objects.get().password
    sessions.sign_in(request, username="ada", password=PASSWORD)

    assert before == user.password
    assert User.objects.get().password.startswith("argon2$argon2id$")
    assert authenticate_request(request).user == user


def test_sign_in_gives_the_session_a_new_key():
    make_user(password=PASSWORD)
    request = make_request()
    request.session["before"] = "kept"
    request.session.save()
    key_before = request.session.session_key

    sessions.sign_in(request, username="ada", password=PASSWORD)

    assert request.session.session_key != key_before
    assert not Session.objects.filter(session_key=key_before).exists()


def test_signing_in_again_ends_the_session_before():
    user = make_user(password=PASSWORD)
    request = make_request(user=user)
    key_before = request.session.session_key

    sessions.sign_in(request, username="ada", password=PASSWORD)

    assert not Session.objects.filter(session_key=key_before).exists()


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("inactive", PASSWORD),
        ("no-password", PASSWORD),
        ("a\x00da", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 1000, PASSWORD),
        ("", PASSWORD),
    ],
)
def test_every_wrong_try_gets_the_same_answer_and_costs_one_hash(username: str, password: str, audited):
    make_user(password=PASSWORD)
    make_user("inactive", password=PASSWORD, is_active=False)
    make_user("no-password")
    CountingHasher.runs = 0

    with pytest.raises(PermissionDenied) as caught:
        sessions.sign_in(make_request(), username=username, password=password)

    assert (caught.value.code, caught.value.message) == ("BAD_CREDENTIALS", "The username or the password is wrong.")
    assert CountingHasher.runs == 1
    assert audited() == [("sign_in", "refused", "BAD_CREDENTIALS")]
    assert not Session.objects.exists()


def test_a_password_that_no_database_could_take_is_wrong():
    make_user(password=PASSWORD)

    with pytest.raises(PermissionDenied):
        sessions.sign_in(make_request(), username="ada", password="\ud800")


def test_a_failed_try_is_audited_with_the_user_meant_but_never_with_what_was_typed():
    make_user(password=PASSWORD)

    try_wrongly()
    try_wrongly(username=f"{CANARY}-typed-into-the-wrong-field", address="192.0.2.2")

    known, unknown = PluginAuditLog.objects.order_by("position")
    assert (known.actor_name, known.actor_id, known.reason) == ("anonymous", None, "as 'ada'")
    assert (unknown.actor_name, unknown.reason, unknown.ip_address) == ("anonymous", "", "192.0.2.2")
    assert CANARY not in known.text + unknown.text


def test_no_more_than_a_few_passwords_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch, audited):
    make_user(password=PASSWORD)
    monkeypatch.setattr(password_hashing, "LONGEST_WAIT_SECONDS", 0)

    with ExitStack() as others:
        for _ in range(password_hashing.HASHES_AT_A_TIME):
            others.enter_context(password_hashing.limited_hashing())
        with pytest.raises(RateLimited, match="Too many people are signing in"):
            sessions.sign_in(make_request(), username="ada", password=PASSWORD)

    assert not SignInAttempts.objects.exists()
    assert audited() == []
    sessions.sign_in(make_request(), username="ada", password=PASSWORD)


def test_neither_usernames_nor_addresses_are_kept_to_count_tries():
    try_wrongly("ada", address="192.0.2.1")

    kept = " ".join(str(values) for values in SignInAttempts.objects.values_list())
    assert "ada" not in kept
    assert "192.0.2.1" not in kept


def test_nothing_but_sign_in_takes_a_password():
    make_user(password=PASSWORD)

    assert authenticate(make_request(), username="ada", password=PASSWORD) is None


def test_sign_out_ends_the_session_and_is_audited(audited):
    request = make_request(user=make_user())

    assert sessions.sign_out(request) is True

    assert audited() == [("sign_out", "succeeded", "")]
    assert not Session.objects.exists()
    assert authenticate_request(request).user is None


def test_signing_out_when_nobody_is_signed_in_changes_nothing(audited):
    assert sessions.sign_out(make_request()) is False
    assert audited() == []


def test_a_bearer_token_does_not_end_the_session_that_comes_along(audited):
    user = make_user()

    assert sessions.sign_out(make_request(user=user, bearer=make_token(user))) is False

    assert Session.objects.count() == 1
    assert audited() == []
