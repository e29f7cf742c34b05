"""The statement that reads users by their keys finds those that the query finds, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from webnet.api.request.reader import Reading
from webnet.api.request.user_statement import read_users
from webnet.api.strawberry_internals import fields_of
from webnet.api.types.user import User as UserType
from webnet.customers.models import Customer, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, User]:
    """Somebody with each role of one customer, and of two, a platform operator, and a stranger."""
    acme, globex = make_customer("acme"), make_customer("globex")
    found = {role.value: make_member(role.value, acme, role) for role in Role}
    found["both"] = make_member("both", acme, Role.ADMIN)
    make_membership(found["both"], globex, Role.OPERATOR)
    found["other"] = make_member("other", globex, Role.VIEWER)
    return found | {"platform": make_operator("platform"), "stranger": make_user("stranger", name="Ann", email="a@b.c")}


def reading_of(user: User, view: str | None, **limits: Any) -> Reading:
    reading = Reading(actor=actor_for(user, **limits), platform_token=None)
    if view is not None:
        reading.stay_in_view(next(each for each in reading.visible_customers() if each.slug == view))
    return reading


def see(reading: Reading, users: list[User]) -> set[str]:
    """The names of those of the users that are found, which are the same as by the query."""
    keys = [*(user.pk for user in users), 10**9]
    found = reading._load_users(keys)
    expected = {user.pk: user for user in reading.visible_users().filter(pk__in=keys)}
    assert found == expected
    for pk, user in found.items():
        assert (user.username, user.name, user.email) == (
            expected[pk].username,
            expected[pk].name,
            expected[pk].email,
        )
    return {user.username for user in found.values()}


MEMBERS = {"viewer", "operator", "admin", "both"}


@pytest.mark.parametrize(
    ("who", "view", "expected"),
    [
        ("platform", None, {*MEMBERS, "other", "platform", "stranger"}),
        ("platform", "acme", {*MEMBERS, "platform"}),
        ("admin", "acme", MEMBERS),
        ("operator", "acme", MEMBERS),
        ("viewer", "acme", {"viewer"}),
        ("both", "globex", {"both", "other"}),
        ("both", None, {*MEMBERS, "other"}),
        ("operator", None, MEMBERS),
        ("stranger", None, {"stranger"}),
    ],
)
def test_the_same_users_are_found(people: dict[str, User], who: str, view: str | None, expected: set[str]) -> None:
    found = see(reading_of(people[who], view), list(people.values()))

    assert found == expected


def test_a_limited_token_sees_as_few(people: dict[str, User]) -> None:
    reading = reading_of(people["admin"], "acme", maximum_role=Role.VIEWER)

    assert see(reading, list(people.values())) == {"admin"}


def test_nobody_is_looked_for_without_a_statement(people: dict[str, User]) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = read_users([], columns=None, viewer=people["admin"].pk, operated=[1])

    assert found == []
    assert len(asked) == 0


def test_many_customers_are_named_one_by_one(people: dict[str, User]) -> None:
    customers = list(Customer.objects.values_list("pk", flat=True))
    keys = [user.pk for user in people.values()]

    found = read_users(keys, columns={"username"}, viewer=None, operated=customers)

    assert {user.username for user in found} == {*MEMBERS, "other"}


def test_the_columns_are_those_of_the_types_fields(people: dict[str, User]) -> None:
    found = reading_of(people["platform"], None)._load_users([people["admin"].pk])[people["admin"].pk]

    assert found.get_deferred_fields() == {"password", "is_staff"}


def test_a_field_that_declares_nothing_may_read_all(people: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    (email,) = [field for field in fields_of(UserType) if field.python_name == "email"]
    monkeypatch.setattr(email, "metadata", {})

    found = reading_of(people["platform"], None)._load_users([people["admin"].pk])[people["admin"].pk]

    assert found.get_deferred_fields() == set()
