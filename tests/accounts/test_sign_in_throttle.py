"""Wrong passwords slow down whoever sends them, and keep nobody out: by account, network and device."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.core import signing
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.accounts.conftest import Clock
from tests.accounts.hashing import CountingHasher
from tests.accounts.requests import make_request
from tests.accounts.together import run_together
from tests.factories import PASSWORD, make_user
from webnet.accounts import known_devices, sessions, sign_in_throttle
from webnet.accounts.models import SignInAttempts
from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog
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
