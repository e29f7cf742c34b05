"""Signing in and out: one answer for every wrong try, limits shared by all workers, everything audited."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.models import Session
from django.core import signing
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

import webnet.settings
from tests.accounts.conftest import Clock
from tests.accounts.hashing import CountingHasher
from tests.accounts.requests import make_request
from tests.accounts.together import run_together
from tests.factories import PASSWORD, make_token, make_user
from webnet.accounts import known_devices, password_hashing, sessions, sign_in_throttle
from webnet.accounts.authentication import authenticate_request
from webnet.accounts.models import SignInAttempts
from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import User
from webnet.errors import PermissionDenied, RateLimited

pytestmark = pytest.mark.django_db

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of accounts and networks that take few attempts to reach; those of one account from here are real."""
    for name in ("PER_ACCOUNT", "PER_NETWORK"):
        monkeypatch.setattr(sign_in_throttle, name, replace(getattr(sign_in_throttle, name), free=10))


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


def fail(times: int, username: str = "ada", *, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        try_wrongly(username, address=address)


def sign_in(username: str = "ada", *, password: str = PASSWORD, address: str = "192.0.2.1", device: str = "") -> str:
    """Try to sign in; returns the cookie of the device, which is a known one if `device` is such a cookie."""
    request = make_request(REMOTE_ADDR=address)
    request.COOKIES[known_devices.COOKIE_NAME] = device
    sessions.sign_in(request, username=username, password=password)
    response = HttpResponse()
    known_devices.set_cookie(request, response)
    return response.cookies[known_devices.COOKIE_NAME].value


def wait_of(username: str = "ada", *, password: str = PASSWORD, address: str = "192.0.2.1", device: str = "") -> int:
    """For how many seconds an attempt is refused."""
    with pytest.raises(RateLimited) as caught:
        sign_in(username, password=password, address=address, device=device)
    return caught.value.retry_after_seconds


def test_after_five_failures_each_one_doubles_the_wait(clock: Clock):
    make_user(password=PASSWORD)
    fail(4)
    waits = []

    for _ in range(13):
        try_wrongly()
        waits.append(wait_of())
        clock.advance(seconds=waits[-1])

    assert waits[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert max(waits) == 900
    sign_in()


def test_while_it_waits_the_right_password_is_refused_like_a_wrong_one(clock: Clock):
    make_user(password=PASSWORD)
    fail(5)
    CountingHasher.runs = 0

    right, wrong = wait_of(password=PASSWORD), wait_of(password=CANARY)

    assert right == wrong
    assert CountingHasher.runs == 0


def test_attempts_that_are_refused_make_nobody_wait_longer(clock: Clock):
    make_user(password=PASSWORD)
    fail(5)

    for _ in range(50):
        wait_of()
    clock.advance(seconds=2)

    sign_in()


def test_an_unknown_username_waits_like_a_known_one(clock: Clock):
    make_user(password=PASSWORD)
    for username in ("ada", "nobody"):
        fail(5, username)

    assert wait_of("ada") == wait_of("nobody")


def test_nobody_is_kept_out_by_what_others_try(clock: Clock):
    make_user(password=PASSWORD)
    make_user("bob", password=PASSWORD)
    fail(5)
    wait_of()

    sign_in(address="192.0.2.2")
    sign_in("bob")

    wait_of()


def test_time_forgives_failures(clock: Clock):
    make_user(password=PASSWORD)
    fail(5)
    clock.advance(minutes=15)

    try_wrongly()
    assert wait_of() == 2
    clock.advance(hours=2)

    fail(4)
    sign_in()


def test_writing_the_username_differently_gives_no_more_tries(clock: Clock):
    fail(5, "ada")

    assert wait_of("ADA") == 2


def test_many_failures_from_one_network_slow_it_down_for_every_username(clock: Clock):
    make_user(password=PASSWORD)
    for number in range(sign_in_throttle.PER_NETWORK.free):
        try_wrongly(f"user{number}", address="2001:db8::1")

    assert wait_of(address="2001:db8::2") == 2
    sign_in(address="2001:db8:0:1::1")


def test_an_address_that_is_written_as_ipv6_is_the_same_one(clock: Clock):
    make_user(password=PASSWORD)
    fail(5, address="::ffff:192.0.2.1")

    assert wait_of(address="192.0.2.1") == 2
    sign_in(address="::ffff:192.0.2.2")


def test_without_an_address_only_the_account_waits(clock: Clock):
    make_user(password=PASSWORD)
    fail(5, "bob", address="")

    assert wait_of("bob", address="") == 2
    sign_in(address="")


def attack(username: str = "ada") -> None:
    """As many failures from as many networks as an account may have before it is slowed down."""
    for network in range(sign_in_throttle.PER_ACCOUNT.free // sign_in_throttle.PER_ACCOUNT_HERE.free):
        fail(5, username, address=f"198.51.100.{network}")


def test_an_attack_from_many_networks_slows_down_unknown_devices_alone(clock: Clock):
    make_user(password=PASSWORD)
    make_user("bob", password=PASSWORD)
    device = sign_in()

    attack()

    assert wait_of(address="203.0.113.1") == 2
    sign_in(device=device, address="203.0.113.1")
    sign_in("bob", address="203.0.113.1")
    clock.advance(seconds=2)
    sign_in(address="203.0.113.1")


def test_one_network_alone_does_not_slow_down_an_account(clock: Clock):
    make_user(password=PASSWORD)
    for _ in range(sign_in_throttle.PER_ACCOUNT.free):
        clock.advance(seconds=900)
        SignInAttempts.objects.update(expires_at=F("expires_at") + timedelta(seconds=900))  # nothing is forgiven
        try_wrongly()

    sign_in(address="203.0.113.1")


def test_a_known_device_waits_for_its_own_failures_alone(clock: Clock):
    make_user(password=PASSWORD)
    device, other = sign_in(), sign_in()
    for number in range(sign_in_throttle.PER_NETWORK.free):
        try_wrongly(f"user{number}")
    fail_here = [sign_in_wrongly(device) for _ in range(5)]

    assert fail_here == ["BAD_CREDENTIALS"] * 5
    assert wait_of(device=device) == 2
    sign_in(device=other)


def sign_in_wrongly(device: str) -> str:
    with pytest.raises(PermissionDenied) as caught:
        sign_in(password=CANARY, device=device)
    return caught.value.code


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cookie, _: f"{cookie}x",
        lambda cookie, _: f"other{cookie}",
        lambda _, user: signing.TimestampSigner().sign(user.username),
        lambda _, user: sign_in("bob") if make_user("bob", password=PASSWORD) else "",
    ],
    ids=["signature", "name", "another purpose", "another user"],
)
def test_a_cookie_that_was_not_made_for_this_user_makes_no_known_device(clock: Clock, spoil):
    user = make_user(password=PASSWORD)
    device = spoil(sign_in(), user)
    attack()

    assert wait_of(address="203.0.113.1", device=device) == 2


def test_a_new_password_ends_known_devices(clock: Clock):
    user = make_user(password=PASSWORD)
    device = sign_in()
    user.set_password(PASSWORD)
    user.save()
    attack()

    assert wait_of(address="203.0.113.1", device=device) == 2


def test_a_known_device_is_forgotten_after_half_a_year(monkeypatch: pytest.MonkeyPatch):
    make_user(password=PASSWORD)
    device = sign_in()
    attack()
    monkeypatch.setattr(known_devices, "LIFETIME", timedelta(seconds=-1))

    wait_of(address="203.0.113.1", device=device)


def test_the_cookie_of_a_device_is_out_of_reach_of_scripts_and_other_sites(client: Client):
    make_user(password=PASSWORD)

    response = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})

    cookie = response.cookies[known_devices.COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == known_devices.LIFETIME.total_seconds()
    assert "ada" not in cookie.value
    assert known_devices.COOKIE_NAME not in client.get("/").cookies
    assert known_devices.COOKIE_NAME not in client.post("/sign-in/", {"username": "ada", "password": "x"}).cookies


def test_a_success_counts_nowhere(clock: Clock):
    make_user(password=PASSWORD)
    fail(4)
    before = failures()

    sign_in()

    assert before == {"here": 4, "account": 4, "network": 4}
    assert failures() == {"account": 4, "network": 4}
    fail(5)


def test_a_success_makes_others_of_its_network_wait_no_longer(clock: Clock):
    make_user(password=PASSWORD)
    for number in range(sign_in_throttle.PER_NETWORK.free):
        try_wrongly(f"user{number}")
    clock.advance(seconds=wait_of())

    sign_in()

    sign_in()


def failures() -> dict[str, int]:
    """How many failures count for ada: from here, at all, and from 192.0.2.1."""
    keys = {
        "here": sign_in_throttle._key("here", "ada", "192.0.2.1"),
        "account": sign_in_throttle._key("account", "ada"),
        "network": sign_in_throttle._key("network", "192.0.2.1"),
    }
    limits = {"here": 900, "account": 60, "network": 30}
    rows = {row.key: row for row in SignInAttempts.objects.all()}
    return {
        name: round((rows[key].expires_at - timezone.now()).total_seconds() / limits[name])
        for name, key in keys.items()
        if key in rows
    }


def test_tries_without_end_are_audited_once_and_counted(clock: Clock, audited):
    fail(5)
    for _ in range(3):
        wait_of(password=CANARY)
    assert [code for _, _, code in audited()] == ["BAD_CREDENTIALS", "RATE_LIMITED"]
    clock.advance(minutes=1)

    audit_log.write_due()

    counts = {row.error_code: row.after["repeated"] for row in PluginAuditLog.objects.all() if row.after}
    assert counts == {"BAD_CREDENTIALS": 4, "RATE_LIMITED": 2}


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_time_do_not_slip_past_the_limit():
    make_user(password=PASSWORD)
    calls = [lambda: sessions.sign_in(make_request(), username="ada", password=CANARY) for _ in range(12)]

    answers = run_together(calls)

    assert sorted(answers) == ["BAD_CREDENTIALS"] * 5 + ["RATE_LIMITED"] * 7


def test_an_attempt_that_others_have_overtaken_is_refused(clock: Clock):
    key, limit = sign_in_throttle._key("here", "ada", "192.0.2.1"), sign_in_throttle.PER_ACCOUNT_HERE
    fail(5)

    with pytest.raises(RateLimited):
        sign_in_throttle._count(key, limit, clock.now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_tries_for_many_users_at_the_same_time_do_not_wait_for_each_other_for_ever(monkeypatch: pytest.MonkeyPatch):
    # Every row ends within a millisecond, so that rows are also deleted all the time: the worst case for deadlocks.
    for name in ("PER_ACCOUNT_HERE", "PER_NETWORK", "PER_ACCOUNT"):
        no_limit = sign_in_throttle.Limit(free=1000, longest_seconds=1, forgiven_seconds=0.001)
        monkeypatch.setattr(sign_in_throttle, name, no_limit)

    def try_all(shift: int) -> None:
        for number in range(12):
            sign_in_throttle.count_attempt(
                username=f"user{(number + shift) % 6}", address=f"192.0.2.{(number * shift) % 6}", device=None
            )

    assert run_together([partial(try_all, shift) for shift in range(10)]) == ["ok"] * 10


def test_the_count_of_tries_does_not_grow_for_ever(clock: Clock):
    for number in range(5):
        try_wrongly(f"user{number}", address=f"192.0.2.{number}")
    clock.advance(minutes=21)

    try_wrongly("another", address="198.51.100.1")

    assert SignInAttempts.objects.count() == 3


def test_no_more_than_a_few_passwords_are_hashed_at_a_time(monkeypatch: pytest.MonkeyPatch, audited):
    make_user(password=PASSWORD)
    monkeypatch.setattr(password_hashing, "LONGEST_WAIT_SECONDS", 0)

    with ExitStack() as others:
        for _ in range(password_hashing.HASHES_AT_A_TIME):
            others.enter_context(password_hashing.limited_hashing())
        with pytest.raises(RateLimited, match="Too many people are signing in"):
            sign_in()

    assert not SignInAttempts.objects.exists()
    assert audited() == []
    sign_in()


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
