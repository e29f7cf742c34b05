"""Ids: what is another customer's looks like what does not exist, byte for byte, and the rest is found again."""

from __future__ import annotations

import base64
import json

import pytest
from graphql import build_schema, get_named_type

from webnet.accounts import invitations
from webnet.api.visibility import visible_schema
from webnet.api.vocabulary.node import global_id
from webnet.customers.access import Actor, Role
from webnet.customers.models import ApiToken, Invitation
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


@pytest.fixture(autouse=True)
def _greeter_is_enabled(world):
    manager.enable("greeter", actor=SYSTEM)


# Every mutation whose input names a customer, and an input that names this one.
NAMING_A_CUSTOMER = [
    ("createApiToken", lambda slug: {"name": "robot", "onlyCustomer": slug}),
    ("updateCustomer", lambda slug: {"customer": slug, "name": "Mine"}),
    ("setMember", lambda slug: {"customer": slug, "username": "ann", "role": "ADMIN"}),
    ("inviteMember", lambda slug: {"customer": slug, "username": "ann", "role": "ADMIN"}),
    ("revokeInvitation", lambda slug: {"customer": slug, "id": "x"}),
    ("setDefaultCustomer", lambda slug: {"customer": slug}),
    ("removeMember", lambda slug: {"customer": slug, "username": "gus"}),
    ("setRolePermission", lambda slug: {"customer": slug, "role": "VIEWER", "permission": "greeter.shout"}),
    ("setPluginAvailability", lambda slug: {"customer": slug, "plugin": "greeter", "availability": "REQUIRED"}),
    ("acknowledgeProblem", lambda slug: {"customer": slug, "key": "paused:greeter"}),
    ("resumePlugin", lambda slug: {"customer": slug, "plugin": "greeter"}),
    ("checkPluginHealth", lambda slug: {"customer": slug, "plugin": "greeter"}),
    ("enableCustomerPlugin", lambda slug: {"customer": slug, "plugin": "greeter"}),
    ("disableCustomerPlugin", lambda slug: {"customer": slug, "plugin": "greeter"}),
    ("resetCustomerPlugin", lambda slug: {"customer": slug, "plugin": "greeter"}),
    ("setPluginForCustomers", lambda slug: {"customers": [slug], "plugin": "greeter", "action": "ENABLE"}),
    ("updateCustomerPluginSettings", lambda slug: {"customer": slug, "plugin": "greeter", "settings": {}}),
    ("revertCustomerPluginSettings", lambda slug: {"customer": slug, "plugin": "greeter", "revision": 1}),
]


class TestForeignAndMissing:
    """An id of another customer and one that does not exist give the same bytes."""

    FOREIGN, MISSING = "globex", "absent"

    @pytest.mark.parametrize(
        "query",
        [
            "query($slug: String!) { customer(slug: $slug) { id name } }",
            'query($slug: String!) { customerPluginConfig(customer: $slug, plugin: "greeter") { id } }',
            "query($slug: String!) { customers(filter: {slug: [$slug]}) { totalCount edges { node { id } } } }",
            "query($slug: String!) { pluginAuditLogs(filter: {customer: [$slug]}) { edges { cursor } } }",
            "query($slug: String!) { customerPluginConfigs(filter: {customer: [$slug]}) { edges { cursor } } }",
            """query($slug: String!) {
                pluginPlan(plugin: "greeter", customer: $slug, action: ENABLE) {
                    customer { id } affectedCustomerCount steps { action } refusal { code message } } }""",
        ],
    )
    def test_queries(self, admin, query):
        manager.enable("greeter", actor=SYSTEM, customer="globex")

        foreign, missing = (
            admin.send({"query": query, "variables": {"slug": slug}}).content.replace(slug.encode(), b"?")
            for slug in (self.FOREIGN, self.MISSING)
        )

        assert foreign == missing

    def test_every_mutation_that_names_a_customer_is_tried_here(self):
        naming = {"customer", "customers", "onlyCustomer"}

        mutations = {
            name
            for name, field in build_schema(visible_schema(None).export()).mutation_type.fields.items()
            if any(naming & set(get_named_type(argument.type).fields) for argument in field.args.values())
        }

        assert mutations == {mutation for mutation, _ in NAMING_A_CUSTOMER}

    @pytest.mark.parametrize(("mutation", "make_values"), NAMING_A_CUSTOMER)
    def test_mutations(self, admin, mutation, make_values):
        name = mutation[0].upper() + mutation[1:]
        refusal = "... on Refusal { code message }"
        outcomes = "... on SetPluginForCustomersPayload { outcomes { changed refusal { code message } } }"
        wanted = outcomes if mutation == "setPluginForCustomers" else refusal
        query = f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename {wanted} }} }}"

        foreign, missing = (
            admin.send({"query": query, "variables": {"input": make_values(slug)}}).content.replace(slug.encode(), b"?")
            for slug in (self.FOREIGN, self.MISSING)
        )

        assert foreign == missing
        assert (b"OPERATORS_ONLY" if mutation == "setPluginAvailability" else b"CUSTOMER_NOT_FOUND") in foreign

    def test_view(self, admin):
        foreign, missing = (
            admin.at(slug).send({"query": "{ currentCustomer { name } }"}) for slug in (self.FOREIGN, self.MISSING)
        )

        assert foreign.status_code == missing.status_code == 404
        assert foreign.content.replace(b"globex", b"?") == missing.content.replace(b"absent", b"?")
        assert foreign.json()["errors"][0]["extensions"]["code"] == "CUSTOMER_NOT_FOUND"

    def test_tokens(self, admin, stranger):
        theirs = stranger.mutate("createApiToken", "apiToken { id }", name="mine")["apiToken"]["id"]
        ids = (theirs, global_id("ApiToken", 999_999), global_id("User", 1), "garbage", "")

        answers = [admin.mutate("revokeApiToken", "changed", id=each) for each in ids]

        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["code"] == "TOKEN_NOT_FOUND"


class TestNode:
    # Ids of what an operator of acme may not see, of what does not exist, and of nothing.
    HIDDEN = (
        lambda world: global_id("Customer", "globex"),
        lambda world: global_id("Customer", "absent"),
        lambda world: global_id("Plugin", "inventory"),
        lambda world: global_id("CustomerPluginConfig", "globex/greeter"),
        lambda world: global_id("CustomerPluginConfig", "acme/inventory"),
        lambda world: global_id("CustomerPluginConfig", "acme"),
        lambda world: global_id("User", world.stranger.pk),
        lambda world: global_id("User", world.platform.pk),
        lambda world: global_id("User", 10**30),
        lambda world: global_id("User", "²"),
        lambda world: global_id("ApiToken", world.platform.api_tokens.create(name="x", digest="x").pk),
        lambda world: global_id("ApiToken", limited_token(world, world.acme).pk),
        lambda world: global_id("ApiToken", limited_token(world, world.globex).pk),
        lambda world: global_id("Invitation", invite_to("globex").pk),
        lambda world: global_id("Invitation", invite_to("acme").pk),
        lambda world: global_id("Invitation", 1),
        lambda world: global_id("PluginAuditLog", "platform/1"),
        lambda world: global_id("Query", "x"),
        lambda world: global_id("Role", "viewer"),
        lambda world: global_id("Membership", "1"),
        lambda world: global_id("Membership", "acme/vera"),
        lambda world: global_id("Membership", "acme/nobody"),
        lambda world: global_id("Membership", "globex/gus"),
        lambda world: global_id("NoSuchType", "1"),
        lambda world: base64.b64encode(b"no colon").decode(),
        lambda world: "not base64!",
        lambda world: "",
    )

    def test_every_kind_is_fetched_again_by_its_id(self, admin, world):
        manager.enable("greeter", actor=SYSTEM, customer="acme")
        admin.mutate("createApiToken", "changed: __typename", name="robot")
        admin.mutate("inviteMember", "token", customer="acme", role="VIEWER", username="gus")
        world.viewer.api_tokens.create(name="x", digest="x", only_customer=world.acme)
        found = admin.data(
            """{ viewer { user { id } apiTokens { edges { node { id } } } } plugin(name: "greeter") { id }
            customer(slug: "acme") { id pluginConfigs { edges { node { id } } }
                members { edges { node { id user { id } } } } invitations { edges { node { id } } }
                apiTokens { edges { node { id user { id } } } }
                auditLogs { edges { node { id } } } } }"""
        )
        ids = list(_find_ids(found))

        nodes = [admin.data("query($id: ID!) { node(id: $id) { __typename id } }", id=each)["node"] for each in ids]

        assert [node["id"] for node in nodes] == ids
        assert admin.data(NODES, ids=ids[::-1])["nodes"] == nodes[::-1]
        assert {node["__typename"] for node in nodes} == {
            "User", "ApiToken", "Invitation", "Plugin", "Customer", "CustomerPluginConfig", "PluginAuditLog",
            "Membership",
        }  # fmt: skip

    @pytest.mark.parametrize("make", HIDDEN)
    def test_foreign_missing_and_garbage_are_null_alike(self, operator, world, make):
        answer = operator.send({"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": make(world)}})

        assert json.loads(answer.content) == {"data": {"node": None}}

    def test_among_others_they_are_null_in_their_places(self, operator, world):
        acme, greeter = global_id("Customer", "acme"), global_id("Plugin", "greeter")
        hidden = [make(world) for make in self.HIDDEN]

        answer = operator.send({"query": NODES, "variables": {"ids": [acme, *hidden, greeter, acme]}})

        customer = {"__typename": "Customer", "id": acme}
        shown = [customer, *[None] * len(hidden), {"__typename": "Plugin", "id": greeter}, customer]
        assert json.loads(answer.content) == {"data": {"nodes": shown}}

    def test_more_ids_than_a_page_has_rows_are_refused(self, operator):
        answer = operator.run(NODES, ids=["x"] * 101)

        assert operator.data(NODES, ids=["x"] * 100) == {"nodes": [None] * 100}
        assert answer["errors"][0]["message"] == "'ids' has 101 items: give at most 100."
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def limited_token(world, customer) -> ApiToken:
    """A token for this customer alone, of which only its owner and the customer's admins know."""
    return world.stranger.api_tokens.create(name=customer.slug, digest=customer.slug, only_customer=customer)


def invite_to(slug: str) -> Invitation:
    """An invitation, of which only the customer's admins know."""
    made = invitations.invite(actor=SYSTEM, customer=slug, role=Role.VIEWER, username="somebody")
    return made.invitation


def _find_ids(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "id":
                yield inner
            else:
                yield from _find_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_ids(inner)
