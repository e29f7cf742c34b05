"""Who a request comes from, with how few statements, and what a bad token gets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.accounts.conftest import Clock
from tests.accounts.requests import make_request
from tests.factories import make_customer, make_operator, make_token, make_user
from webnet.accounts.authentication import authenticate_request, has_bearer
from webnet.audit.models import Generation
from webnet.audit.operation import create_generation
from webnet.customers.access import Role
from webnet.customers.models import ApiToken
from webnet.errors import Unauthenticated

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _platform_row() -> None:
    create_generation(None)


def platform_token() -> str:
    return Generation.objects.get(customer=None).token


def test_a_session_costs_two_statements_and_brings_the_platforms_token(django_assert_num_queries):
    user = make_user()
    request = make_request(user=user, REMOTE_ADDR="192.0.2.7", HTTP_X_REQUEST_ID="abc-1")
    expected = platform_token()

    with django_assert_num_queries(2):
        identity = authenticate_request(request)

    assert identity.user == user
    assert identity.platform_token == expected
    assert (identity.actor.name, identity.actor.user_id) == ("ada", user.pk)
    assert (identity.actor.request_id, identity.actor.ip_address) == ("abc-1", "192.0.2.7")


def test_a_bearer_token_costs_one_statement_and_brings_the_platforms_token(django_assert_num_queries):
    user = make_operator()
    request = make_request(bearer=make_token(user, last_used_at=timezone.now()))
    expected = platform_token()

    with django_assert_num_queries(1):
        identity = authenticate_request(request)

    assert identity.user == user
    assert identity.platform_token == expected
    assert identity.actor.is_platform_operator


def test_nobody_costs_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        identity = authenticate_request(make_request())

    assert (identity.user, identity.platform_token, identity.actor.user_id) == (None, None, None)
    assert not identity.actor.is_superuser


def test_a_limited_token_limits_the_actor():
    customer = make_customer()
    ends = timezone.now() + timedelta(days=1)
    secret = make_token(make_operator(), only_customer=customer, maximum_role=Role.VIEWER, expires_at=ends)

    actor = authenticate_request(make_request(bearer=secret)).actor

    assert (actor.only_customer_id, actor.maximum_role, actor.token_expires_at) == (customer.pk, Role.VIEWER, ends)
    assert not actor.is_platform_operator


def test_the_session_of_an_inactive_user_ends():
    user = make_user()
    request = make_request(user=user)
    user.is_active = False
    user.save()

    assert authenticate_request(request).user is None


def test_the_session_ends_with_the_password_it_was_made_with():
    user = make_user()
    request = make_request(user=user)
    user.set_password("another")
    user.save()

    assert authenticate_request(request).user is None


@pytest.mark.parametrize("secret", ["", "wn_unknown", "\xe4\xf6", "a b", "\x00", "\ud800", "x" * 5000])
def test_an_unusable_token_is_refused_even_beside_a_good_session(secret: str):
    with pytest.raises(Unauthenticated):
        authenticate_request(make_request(user=make_user(), bearer=secret))


def test_a_token_counts_rather_than_the_session_beside_it():
    machine = make_user("machine")

    identity = authenticate_request(make_request(user=make_user(), bearer=make_token(machine)))

    assert identity.user == machine


def test_a_token_is_refused_from_the_moment_it_expires(clock: Clock):
    secret = make_token(make_user(), expires_at=clock.now + timedelta(minutes=1))
    authenticate_request(make_request(bearer=secret))
    clock.advance(minutes=1)

    with pytest.raises(Unauthenticated):
        authenticate_request(make_request(bearer=secret))


def test_a_revoked_token_and_one_of_an_inactive_user_are_refused():
    revoked = make_token(make_user(), revoked_at=timezone.now())
    orphaned = make_token(make_user("gone", is_active=False))

    for secret in (revoked, orphaned):
        with pytest.raises(Unauthenticated):
            authenticate_request(make_request(bearer=secret))


def test_the_last_use_is_written_at_most_hourly(clock: Clock, django_assert_num_queries):
    secret = make_token(make_user())
    first_use = clock.now

    with django_assert_num_queries(2):
        authenticate_request(make_request(bearer=secret))
    clock.advance(minutes=59)
    with django_assert_num_queries(1):
        authenticate_request(make_request(bearer=secret))
    assert ApiToken.objects.get().last_used_at == first_use

    clock.advance(minutes=1)
    with django_assert_num_queries(2):
        authenticate_request(make_request(bearer=secret))
    assert ApiToken.objects.get().last_used_at == clock.now


@pytest.mark.parametrize(
    ("header", "is_bearer"),
    [("Bearer x", True), ("bearer x", True), ("Bearer", True), ("Bearer\tx", True), ("Basic x", False), ("", False)],
)
def test_any_bearer_header_counts_as_one(header: str, is_bearer: bool):
    assert has_bearer(make_request(HTTP_AUTHORIZATION=header)) is is_bearer


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a\nb", "é"])
def test_a_request_id_that_is_not_sane_is_replaced_by_one_that_stays(given: str):
    request = make_request(HTTP_X_REQUEST_ID=given)

    actor = authenticate_request(request).actor

    assert len(actor.request_id) == 32
    assert authenticate_request(request).actor.request_id == actor.request_id


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("", None),
        ("sock", None),
    ],
)
def test_the_address_is_the_peers_and_no_header_changes_it(peer: str, address: str | None):
    request = make_request(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="203.0.113.9")

    assert authenticate_request(request).actor.ip_address == address
