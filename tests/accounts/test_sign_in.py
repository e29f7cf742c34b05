"""Signing in and out: one answer for every wrong try, limits shared by all workers, everything audited."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.conf import global_settings
from django.contrib.auth import authenticate
from django.contrib.sessions.models import Session
from pytest_django import Settings

import webnet.settings
from tests.accounts.conftest import Clock
from tests.accounts.hashing import CountingHasher
from tests.accounts.requests import make_request
from tests.accounts.together import run_together
from tests.factories import PASSWORD, make_token, make_user
from webnet.accounts import sessions, sign_in_throttle
from webnet.accounts.authentication import authenticate_request
from webnet.accounts.models import SignInAttempts
from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog
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
    settings.PASSWORD_HASHERS = getattr(webnet.settings, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    user = make_user(password=PASSWORD)

    assert sessions.sign_in(make_request(), username="ada", password=PASSWORD) == user
    assert user.password.startswith("pbkdf2_sha256$")
    try_wrongly()


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


def test_too_many_tries_for_one_username_are_refused_even_with_the_right_password(clock: Clock):
    make_user(password=PASSWORD)
    for number in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly(address=f"192.0.2.{number}")
    clock.advance(seconds=60)

    with pytest.raises(RateLimited) as caught:
        sessions.sign_in(make_request(), username="ada", password=PASSWORD)

    assert caught.value.retry_after_seconds == 240


def test_the_limit_ends_with_its_window(clock: Clock):
    make_user(password=PASSWORD)
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly()
    clock.advance(minutes=5)

    sessions.sign_in(make_request(), username="ada", password=PASSWORD)


def test_a_limited_username_limits_no_other():
    make_user(password=PASSWORD)
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly("bob")

    sessions.sign_in(make_request(), username="ada", password=PASSWORD)


def test_writing_the_username_differently_gives_no_more_tries():
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly("ada")

    with pytest.raises(RateLimited):
        sessions.sign_in(make_request(), username="ADA", password=PASSWORD)


def test_too_many_tries_from_one_address_are_refused_for_every_username(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sign_in_throttle, "ATTEMPTS_PER_ADDRESS", 3)
    make_user(password=PASSWORD)
    for number in range(3):
        try_wrongly(f"user{number}")

    with pytest.raises(RateLimited):
        sessions.sign_in(make_request(REMOTE_ADDR="192.0.2.1"), username="ada", password=PASSWORD)
    sessions.sign_in(make_request(REMOTE_ADDR="192.0.2.2"), username="ada", password=PASSWORD)


def test_an_ipv6_network_counts_as_one_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sign_in_throttle, "ATTEMPTS_PER_ADDRESS", 1)
    try_wrongly("bob", address="2001:db8::1")

    with pytest.raises(RateLimited):
        sessions.sign_in(make_request(REMOTE_ADDR="2001:db8::2"), username="ada", password=PASSWORD)


def test_a_success_forgets_the_usernames_tries_and_counts_nothing_for_the_address():
    make_user(password=PASSWORD)
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME - 1):
        try_wrongly()

    sessions.sign_in(make_request(REMOTE_ADDR="192.0.2.1"), username="ada", password=PASSWORD)

    assert [row.count for row in SignInAttempts.objects.all()] == [sign_in_throttle.ATTEMPTS_PER_USERNAME - 1]
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly()


def test_tries_without_end_are_audited_once_and_counted(clock: Clock, audited):
    for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME):
        try_wrongly()
    for _ in range(3):
        with pytest.raises(RateLimited):
            sessions.sign_in(make_request(), username="ada", password=CANARY)
    assert [code for _, _, code in audited()] == ["BAD_CREDENTIALS", "RATE_LIMITED"]
    clock.advance(minutes=1)

    audit_log.write_due()

    counts = {row.error_code: row.after["repeated"] for row in PluginAuditLog.objects.all() if row.after}
    assert counts == {"BAD_CREDENTIALS": sign_in_throttle.ATTEMPTS_PER_USERNAME - 1, "RATE_LIMITED": 2}


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_time_do_not_slip_past_the_limit():
    make_user(password=PASSWORD)
    calls = [
        lambda: sessions.sign_in(make_request(), username="ada", password=CANARY)
        for _ in range(sign_in_throttle.ATTEMPTS_PER_USERNAME + 6)
    ]

    answers = run_together(calls)

    assert answers.count("BAD_CREDENTIALS") == sign_in_throttle.ATTEMPTS_PER_USERNAME
    assert answers.count("RATE_LIMITED") == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_tries_for_many_users_at_the_same_time_do_not_wait_for_each_other_for_ever(monkeypatch: pytest.MonkeyPatch):
    # Every window is over at once, so that rows are also cleared all the time: the worst case for deadlocks.
    monkeypatch.setattr(sign_in_throttle, "WINDOW", timedelta(0))

    def try_all(shift: int) -> None:
        for number in range(12):
            sign_in_throttle.count_attempt(
                username=f"user{(number + shift) % 6}", address=f"192.0.2.{(number * shift) % 6}"
            )

    assert run_together([partial(try_all, shift) for shift in range(10)]) == ["ok"] * 10


def test_the_count_of_tries_does_not_grow_for_ever(clock: Clock):
    for number in range(5):
        try_wrongly(f"user{number}", address=f"192.0.2.{number}")
    clock.advance(minutes=11)

    try_wrongly("another", address="198.51.100.1")

    assert SignInAttempts.objects.count() == 2


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
