"""The statement that is written by hand says the same as the queries that Django would make, whoever asks for what."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.accounts.requests import make_request
from tests.api.plans import explain
from tests.factories import make_customer, make_member, make_membership, make_operator, make_token, make_user
from webnet.accounts.authentication import authenticate_request
from webnet.accounts.token_statement import find_token
from webnet.audit.operation import create_generation, renew_platform
from webnet.customers.access import Role, find_customer, role_in
from webnet.customers.models import ApiToken, Customer, Membership, User
from webnet.errors import NotFound

pytestmark = pytest.mark.django_db

VIEWS = ("acme", "globex", "missing", "", "no slug", "\x00", "ACME", "x" * 60)


@pytest.fixture(autouse=True)
def _platform_row() -> None:
    create_generation(None)


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme", is_active=False)


@pytest.fixture
def globex() -> Customer:
    return make_customer("globex")


def values_of(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def visible(user: User, view: str, **limits: object) -> tuple[object, ...] | None:
    """What the actor is told of the customer by the statement; compared with what the query tells."""
    secret = make_token(
        user, name=f"{view!a}", secret=f"wn_{user.username}{view!a}", last_used_at=timezone.now(), **limits
    )
    identity = authenticate_request(make_request(bearer=secret), view=view)
    try:
        expected = find_customer(identity.actor, view)
    except NotFound:
        assert identity.view is None
        return None
    found = identity.view
    assert found is not None
    assert values_of(found) == values_of(expected)
    assert values_of(found.generation) == values_of(expected.generation)
    assert found._state.db == expected._state.db
    assert not found._state.adding
    assert (found.member_role, found.is_own_default, found.member_mark) == (
        expected.member_role,
        expected.is_own_default,
        expected.member_mark,
    )
    return found.slug, role_in(identity.actor, found), bool(found.is_own_default)


def test_a_member_sees_their_customers_with_their_role(acme, globex):
    ada = make_member("ada", acme, Role.OPERATOR)
    make_member("bob", globex, Role.ADMIN)

    assert [visible(ada, view) for view in VIEWS] == [("acme", Role.OPERATOR, False), *[None] * 7]


def test_the_default_customer_is_marked(acme, globex):
    ada = make_member("ada", acme, Role.VIEWER)
    make_membership(ada, globex, Role.ADMIN)
    Membership.objects.filter(customer=globex).update(is_default=True)

    assert [visible(ada, view) for view in ("acme", "globex")] == [
        ("acme", Role.VIEWER, False),
        ("globex", Role.ADMIN, True),
    ]


def test_a_stranger_sees_none_and_an_operator_all(acme, globex):
    eve, platform = make_user("eve"), make_operator()
    Membership.objects.create(user=platform, customer=acme, role=Role.VIEWER, is_default=True)

    assert [visible(eve, view) for view in VIEWS] == [None] * 8
    assert [visible(platform, view) for view in VIEWS] == [
        ("acme", Role.ADMIN, False),
        ("globex", Role.ADMIN, False),
        *[None] * 6,
    ]


@pytest.mark.parametrize("make", [lambda customer: make_member("ada", customer, Role.ADMIN), lambda _: make_operator()])
def test_a_limited_token_sees_no_more_than_it_may(make, acme, globex):
    user = make(acme)
    Membership.objects.get_or_create(user=user, customer=globex, role=Role.ADMIN)
    limits = {"only_customer": acme, "maximum_role": Role.VIEWER}

    assert [visible(user, view, **limits) for view in VIEWS] == [("acme", Role.VIEWER, False), *[None] * 7]


def test_a_customer_without_a_generation_is_found(acme):
    acme.generation.delete()
    secret = make_token(make_member("ada", acme))

    view = authenticate_request(make_request(bearer=secret), view="acme").view

    assert view == acme
    assert not hasattr(view, "generation")


def test_the_token_and_its_user_have_all_of_their_columns(acme):
    ada = make_user(
        email="ada@example.com", name="Ada Lovelace", password="long enough", is_staff=True, last_login=timezone.now()
    )
    make_token(ada, only_customer=acme, maximum_role=Role.VIEWER, expires_at=timezone.now(), revoked_at=timezone.now())
    stored = ApiToken.objects.select_related("user").get()

    found = find_token(stored.digest, view=None)

    assert found is not None
    assert values_of(found.token) == values_of(stored)
    assert values_of(found.token.user) == values_of(stored.user)
    assert found.customer is None


def test_what_others_change_is_seen_by_the_next_request(acme, django_assert_num_queries):
    ada = make_member("ada", acme, Role.ADMIN)
    request = make_request(bearer=make_token(ada, last_used_at=timezone.now()))
    first = authenticate_request(request, view="acme")
    renew_platform()
    Membership.objects.update(role=Role.VIEWER)

    with django_assert_num_queries(1):
        second = authenticate_request(request, view="acme")
    Membership.objects.all().delete()
    third = authenticate_request(request, view="acme")

    assert second.platform_token not in (None, first.platform_token)
    assert second.view is not None
    assert role_in(second.actor, second.view) is Role.VIEWER
    assert third.view is None


def test_every_table_is_searched_by_an_index(acme):
    make_token(make_member("ada", acme))
    digest = ApiToken.objects.get().digest
    with CaptureQueriesContext(connection) as made:
        find_token(digest, view="acme")

    plan = explain(made.captured_queries[0]["sql"])

    # SQLite says that it scans a table; PostgreSQL, that it filters rows. It may do that with the user's memberships.
    assert re.findall(r"(?m)^SCAN .*|Seq Scan .*|Filter: .*(?:digest|slug).*", plan) == []
