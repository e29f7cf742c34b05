"""The list of users, and what only platform operators see of somebody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.factories import PASSWORD, make_customer, make_member, make_membership, make_operator, make_user
from webnet.customers.models import Role, User

pytestmark = pytest.mark.django_db

WHOLE = """query($filter: UserFilter, $order: [UserOrder!], $first: Int, $after: String) {
    users(filter: $filter, order: $order, first: $first, after: $after) { totalCount pageInfo { endCursor }
        nodes { username name email isActive isPlatformOperator lastSignInAt
            memberships(first: 5) { totalCount nodes { role customer { slug name } } } } } }"""


@pytest.fixture
def platform() -> GraphQLClient:
    return GraphQLClient.of(make_operator("platform", email="ops@example.com"))


def names(client: GraphQLClient, **variables: Any) -> list[str]:
    return [each["username"] for each in client.data(WHOLE, **variables)["users"]["nodes"]]


def count_statements(client: GraphQLClient, query: str, **variables: Any) -> int:
    client.data(query, **variables)  # so that what is kept is known
    with CaptureQueriesContext(connection) as statements:
        client.data(query, **variables)
    return len(statements)


def test_a_platform_operator_sees_everybody_with_what_they_may_do(platform: GraphQLClient):
    acme, globex = make_customer("acme", name="Acme Corp"), make_customer("globex")
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ada = make_member("ada", globex, Role.VIEWER, name="Ada", email="ada@example.com", last_login=since)
    make_membership(ada, acme, Role.ADMIN)
    make_user("gone", is_active=False)

    found = platform.data(WHOLE)["users"]

    assert found["totalCount"] == 3
    assert found["nodes"][0] == {
        "username": "ada",
        "name": "Ada",
        "email": "ada@example.com",
        "isActive": True,
        "isPlatformOperator": False,
        "lastSignInAt": "2026-01-02T03:04:05Z",
        "memberships": {
            "totalCount": 2,
            "nodes": [
                {"role": "ADMIN", "customer": {"slug": "acme", "name": "Acme Corp"}},
                {"role": "VIEWER", "customer": {"slug": "globex", "name": "Globex"}},
            ],
        },
    }
    assert [(each["username"], each["isActive"], each["isPlatformOperator"]) for each in found["nodes"][1:]] == [
        ("gone", False, False),
        ("platform", True, True),
    ]
    assert found["nodes"][1]["memberships"] == {"totalCount": 0, "nodes": []}
    assert found["nodes"][1]["lastSignInAt"] is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"search": "ADA"}, ["ada"]),
        ({"search": "lovelace"}, ["ada"]),
        ({"search": "EXAMPLE.com"}, ["ada", "platform"]),
        ({"search": "nobody"}, []),
        ({"search": "%"}, []),
        ({"search": ""}, ["ada", "gone", "platform"]),
        ({"isActive": False}, ["gone"]),
        ({"isActive": True, "search": "a"}, ["ada", "platform"]),
        (None, ["ada", "gone", "platform"]),
    ],
)
def test_users_are_found_by_a_part_of_what_they_are_called(platform: GraphQLClient, wanted: Any, expected: list[str]):
    make_user("ada", name="Ada Lovelace", email="ada@example.com")
    make_user("gone", is_active=False)

    assert names(platform, filter=wanted) == expected


def test_users_are_paged_in_the_order_that_is_asked_for(platform: GraphQLClient):
    for username, name in (("a", "Zoe"), ("b", "Yan"), ("c", "Yan")):
        make_user(username, name=name)
    order = [{"field": "NAME", "direction": "DESC"}]

    first = platform.data(WHOLE, order=order, first=2)["users"]
    rest = names(platform, order=order, after=first["pageInfo"]["endCursor"])

    assert ([each["username"] for each in first["nodes"]], rest) == (["a", "b"], ["c", "platform"])


@pytest.mark.parametrize("role", Role)
def test_for_everybody_else_there_is_no_list_and_nothing_of_others(platform: GraphQLClient, role: Role):
    acme = make_customer("acme")
    make_member("bob", acme, email="bob@example.com")
    member = GraphQLClient.of(make_member("ada", acme, role))

    found = member.data(
        """{ users { totalCount }
        viewer { user { isActive isPlatformOperator lastSignInAt memberships { totalCount } } }
        customer(slug: "acme") { members { nodes { user { isActive memberships { totalCount } } } } } }"""
    )

    nothing = {"isActive": None, "memberships": None}
    assert found["users"] is None
    assert found["viewer"]["user"] == {**nothing, "isPlatformOperator": None, "lastSignInAt": None}
    shown = {"nodes": [{"user": nothing}] * 2} if role is Role.ADMIN else None
    assert found["customer"]["members"] == shown


def test_a_limited_token_of_a_platform_operator_sees_no_list(platform: GraphQLClient):
    limited = GraphQLClient.of(User.objects.get(), maximum_role=Role.ADMIN)

    assert limited.data("{ users { totalCount } }") == {"users": None}


def test_in_a_customers_view_there_is_no_list(platform: GraphQLClient):
    make_member("ada", make_customer("acme"))
    make_membership(User.objects.get(username="ada"), make_customer("globex"))

    found = platform.at("acme").data(
        """{ users { totalCount }
        customer(slug: "acme") { members { nodes { user { memberships { totalCount } } } } } }"""
    )

    assert found["users"] is None
    assert found["customer"]["members"]["nodes"] == [{"user": {"memberships": None}}]


def test_who_signs_in_is_seen_to_have_done_so(platform: GraphQLClient):
    make_user("ada", password=PASSWORD)
    GraphQLClient().mutate("signIn", "viewer { user { id } }", username="ada", password=PASSWORD)

    (ada,) = platform.data(WHOLE, filter={"search": "ada"})["users"]["nodes"]

    assert ada["lastSignInAt"] is not None


def test_a_page_takes_as_many_statements_for_many_users_as_for_one(platform: GraphQLClient):
    customers = [make_customer(f"customer-{number}") for number in range(5)]
    make_membership(make_user("user-0"), customers[0])
    few = count_statements(platform, WHOLE, first=100)

    for number in range(1, 30):
        user = make_user(f"user-{number}")
        for customer in customers[: number % 6]:
            make_membership(user, customer)

    assert count_statements(platform, WHOLE, first=100) == few == 7


def test_members_of_customers_take_no_more_statements_for_their_other_memberships(platform: GraphQLClient):
    query = """{ customers(first: 5) { nodes { members(first: 10) { nodes { user {
        memberships(first: 5) { nodes { role customer { slug } } } } } } } } }"""
    customers = [make_customer(f"customer-{number}") for number in range(3)]
    make_member("user-0", customers[0])
    few = count_statements(platform, query)

    for number in range(1, 10):
        user = make_user(f"user-{number}")
        for customer in customers:
            make_membership(user, customer)

    assert count_statements(platform, query) == few
