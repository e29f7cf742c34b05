"""The tokens that are valid for one customer alone: its admins see them with their owners, and can end them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.api.conftest import World
from tests.factories import make_member, make_membership, make_token
from webnet.api.vocabulary.node import global_id
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import ApiToken, Role

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = """{ customer(slug: "acme") { apiTokens { nodes {
    name isUsable maximumRole onlyCustomer { slug } user { username } revokedAt } } } }"""


def read(client: GraphQLClient) -> Any:
    found = client.data(TOKENS)["customer"]["apiTokens"]
    return found and [(each["name"], (each["user"] or {}).get("username"), each["isUsable"]) for each in found["nodes"]]


def id_of(name: str) -> str:
    return global_id("ApiToken", ApiToken.objects.get(name=name).pk)


def revoke(client: GraphQLClient, name: str, **values: Any) -> dict[str, Any]:
    return client.mutate("revokeApiToken", "changed apiToken { name isUsable }", id=id_of(name), **values)


def test_an_admin_sees_those_that_are_valid_for_the_customer_alone(world: World, admin: GraphQLClient):
    now = timezone.now()
    make_token(world.viewer, name="first", only_customer=world.acme, maximum_role=Role.VIEWER)
    make_token(world.viewer, name="everywhere")
    make_token(world.operator, name="expired", only_customer=world.acme, expires_at=now - timedelta(seconds=1))
    make_token(world.operator, name="revoked", only_customer=world.acme, revoked_at=now)
    make_token(world.stranger, name="theirs", only_customer=world.globex)

    found = admin.data(TOKENS)["customer"]["apiTokens"]["nodes"]

    assert read(admin) == [("revoked", "oscar", False), ("expired", "oscar", False), ("first", "vera", True)]
    assert found[2] == {
        "name": "first",
        "isUsable": True,
        "maximumRole": "VIEWER",
        "onlyCustomer": {"slug": "acme"},
        "user": {"username": "vera"},
        "revokedAt": None,
    }


def test_an_owner_whom_the_admin_may_not_see_is_null(world: World, admin: GraphQLClient):
    make_token(world.platform, name="ops", only_customer=world.acme)

    assert read(admin) == [("ops", None, True)]
    assert read(world.client("platform")) == [("ops", "platform", True)]


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_for_lower_roles_there_is_no_list(world: World, who: str):
    assert world.client(who).data(TOKENS) == {"customer": {"apiTokens": None}}


def test_a_token_of_an_admin_that_is_limited_to_less_sees_no_list(world: World):
    limited = GraphQLClient.of(world.admin, maximum_role=Role.OPERATOR)

    assert limited.data(TOKENS) == {"customer": {"apiTokens": None}}


def test_everybody_is_the_owner_of_their_own(world: World, viewer: GraphQLClient):
    found = viewer.data("{ viewer { apiTokens { nodes { user { username } isUsable } } } }")

    assert found["viewer"]["apiTokens"]["nodes"] == [{"user": {"username": "vera"}, "isUsable": True}]


def test_an_admin_ends_one_and_the_customers_log_says_so(world: World, admin: GraphQLClient):
    robot = GraphQLClient(token=make_token(world.viewer, name="robot", only_customer=world.acme), view="acme")
    assert robot.data("{ currentCustomer { slug } }")

    first, second = (revoke(admin, "robot", reason="It has left.") for _ in range(2))

    assert first == {
        "__typename": "RevokeApiTokenPayload",
        "changed": True,
        "apiToken": {"name": "robot", "isUsable": False},
    }
    assert second["changed"] is False
    assert robot.code("{ viewer { user { id } } }") == "UNAUTHENTICATED"
    row = PluginAuditLog.objects.latest("position")
    assert (row.action, row.actor_name, row.customer_slug, row.reason) == (
        "revoke_api_token",
        "ann",
        "acme",
        "It has left.",
    )
    assert row.after["user"] == "vera"


def test_what_its_owner_does_to_it_stays_in_the_platforms_log(world: World, viewer: GraphQLClient):
    make_token(world.viewer, name="robot", only_customer=world.acme)

    assert revoke(viewer, "robot")["changed"]
    assert PluginAuditLog.objects.latest("position").customer_id is None


@pytest.mark.parametrize("who", ["operator", "stranger"])
def test_nobody_else_ends_it(world: World, who: str):
    make_token(world.viewer, name="robot", only_customer=world.acme)

    answer = revoke(world.client(who), "robot")

    assert (answer["code"], answer["message"]) == ("TOKEN_NOT_FOUND", "You have no token with this id.")
    assert ApiToken.objects.get(name="robot").revoked_at is None
    row = PluginAuditLog.objects.latest("position")
    assert (row.outcome, row.customer_id) == ("refused", None)


def test_an_admin_does_not_end_what_is_valid_elsewhere_too(world: World, admin: GraphQLClient):
    make_token(world.viewer, name="everywhere")
    make_token(world.stranger, name="theirs", only_customer=world.globex)

    assert [revoke(admin, name)["code"] for name in ("everywhere", "theirs")] == ["TOKEN_NOT_FOUND"] * 2


def test_an_admins_token_that_is_limited_to_less_ends_none(world: World):
    make_token(world.viewer, name="robot", only_customer=world.acme)

    assert revoke(GraphQLClient.of(world.admin, maximum_role=Role.OPERATOR), "robot")["code"] == "TOKEN_NOT_FOUND"


def test_the_tokens_of_many_customers_take_as_many_statements_as_those_of_one(world: World, platform: GraphQLClient):
    query = """{ customers { nodes { apiTokens { nodes { name user { username email } onlyCustomer { slug } } } } } }"""
    make_token(world.viewer, name="one", only_customer=world.acme)

    def count() -> int:
        platform.data(query)  # so that what is kept is known
        with CaptureQueriesContext(connection) as statements:
            platform.data(query)
        return len(statements)

    few = count()
    for number in range(10):
        member = make_member(f"member-{number}", world.acme)
        make_membership(member, world.globex)
        make_token(member, name="a", only_customer=world.acme)
        make_token(member, name="b", only_customer=world.globex, secret=f"b{number}")

    assert count() == few
