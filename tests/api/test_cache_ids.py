"""What a client's normalised cache builds on: each row has an id, and what is removed is named by its id."""

from __future__ import annotations

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLUnionType, get_named_type

from webnet.api.schema import full_schema
from webnet.api.vocabulary.node import global_id, read_global_id
from webnet.customers.access import Actor
from webnet.plugins.manager import manager

SYSTEM = Actor.system("tests")
SCHEMA = full_schema().schema.graphql
# Rows without an id, and why.
WITHOUT_ID: dict[str, str] = {}
REMOVING = ("remove", "delete", "revoke", "reset", "revert", "signOut", "disable")
IDS = """{ currentCustomer { permissions { id codename } } navigationItems { id label url }
    dashboardWidgets { id name } plugin(name: "greeter") { contributions { navigationItems { id label url } } } }"""


def has_id(kind: GraphQLNamedType) -> bool:
    """Whether the type has an id, or is a node."""
    fields = kind.fields if isinstance(kind, GraphQLObjectType) else {}
    return any(get_named_type(field.type).name == "ID" for field in fields.values())


def payloads() -> dict[str, GraphQLObjectType]:
    """What each mutation that removes something returns if it is not refused."""
    found = {}
    for name, field in SCHEMA.mutation_type.fields.items():
        kind = get_named_type(field.type)
        members = kind.types if isinstance(kind, GraphQLUnionType) else [kind]
        if name.startswith(REMOVING):
            [found[name]] = [each for each in members if each.name.endswith("Payload")]
    return found


def test_every_row_of_a_connection_is_a_node():
    rows = {
        get_named_type(kind.fields["node"].type)
        for name, kind in SCHEMA.type_map.items()
        if name.endswith("Edge") and "node" in getattr(kind, "fields", {})
    }

    without = {row.name for row in rows if "Node" not in [each.name for each in row.interfaces]}

    assert without == set(WITHOUT_ID)
    assert {"Membership", "SettingsChange", "PluginHealth", "Device", "Site"} <= {row.name for row in rows}


def test_every_connection_has_nodes_of_the_type_of_its_edges():
    connections = {
        name: kind.fields for name, kind in SCHEMA.type_map.items() if "edges" in getattr(kind, "fields", {})
    }

    for name, fields in connections.items():
        row = get_named_type(fields["edges"].type).fields["node"].type
        assert str(fields["nodes"].type) == f"[{row}]!", name
    assert {"PluginConnection", "DeviceConnection"} <= set(connections)


def test_every_mutation_that_removes_something_names_it_by_its_id():
    """By an id of its own, or with the object, which still exists and is changed."""
    without = [
        name
        for name, payload in payloads().items()
        if not has_id(payload) and not any(has_id(get_named_type(field.type)) for field in payload.fields.values())
    ]

    assert without == []
    assert {"removeMember", "revokeApiToken", "signOut", "deleteDevice", "deleteSite"} <= set(payloads())


@pytest.mark.django_db(transaction=True)
class TestIds:
    @pytest.fixture(autouse=True)
    def _greeter_is_effective(self, world):
        for customer in (None, "acme", "globex"):
            manager.enable("greeter", actor=SYSTEM, customer=customer)

    def test_those_of_what_plugins_add_stay_the_same_and_differ_by_customer(self, admin, stranger):
        first, again, other = (
            client.data(IDS) for client in (admin.at("acme"), admin.at("acme"), stranger.at("globex"))
        )

        assert first == again
        for name in ("permissions", "dashboardWidgets"):
            mine, theirs = (
                {each["id"] for each in (found["currentCustomer"] | found)[name]} for found in (first, other)
            )
            assert len(mine) == len(theirs) >= 2 and not mine & theirs
        # These lead to the same address for everybody.
        assert first["navigationItems"] == other["navigationItems"]

    def test_an_item_of_the_navigation_is_the_same_among_the_contributions(self, admin):
        for client in (admin, admin.at("acme")):
            data = client.data(IDS)

            items = {each["id"]: each for each in data["plugin"]["contributions"]["navigationItems"]}
            assert [items[each["id"]] for each in data["navigationItems"]] == data["navigationItems"]
            assert len(items) == 2

    def test_a_permission_is_found_by_its_id_where_it_may_be_seen(self, admin, operator, viewer, stranger):
        query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on CustomerPermission { codename effective } } }"
        changed = admin.mutate(
            "setRolePermission",
            "permission { id codename effective }",
            customer="acme",
            role="OPERATOR",
            permission="greeter.shout",
            granted=True,
        )["permission"]
        ids = [changed["id"], *(global_id("CustomerPermission", f"acme/{each}") for each in ("greeter.x", "x.y", ""))]

        assert operator.data(query, ids=ids)["nodes"] == [changed, None, None, None]
        assert operator.at("acme").data(query, ids=ids)["nodes"] == [changed, None, None, None]
        for client in (viewer, stranger):
            assert client.data(query, ids=ids)["nodes"] == [None] * 4

    def test_histories_are_found_by_their_ids_where_they_may_be_seen(self, admin, platform, viewer, stranger):
        query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on SettingsChange { revision } } }"
        manager.update_settings("greeter", actor=SYSTEM, patch={"limit": 3})
        manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Hi"})
        manager.check_health("greeter", actor=SYSTEM)
        manager.check_health("greeter", actor=SYSTEM, customer="acme")
        histories = "settingsHistory { nodes { __typename id revision } } healthHistory { nodes { __typename id } }"
        of_plugin = f'plugin(name: "greeter") {{ {histories} }}'
        of_config = f'customerPluginConfig(customer: "acme", plugin: "greeter") {{ {histories} }}'
        found = platform.data(f"{{ {of_plugin} {of_config} }}")
        everything = [row for at in found.values() for history in at.values() for row in history["nodes"]]
        own = [row for history in found["customerPluginConfig"].values() for row in history["nodes"]]
        ids = [row["id"] for row in everything]
        assert [each["__typename"] for each in everything] == ["SettingsChange", "PluginHealth"] * 2

        assert platform.data(query, ids=ids)["nodes"] == everything
        assert admin.data(query, ids=ids)["nodes"] == [None, None, *own]
        assert viewer.data(query, ids=ids)["nodes"] == [None, None, None, own[1]]
        assert stranger.data(query, ids=ids)["nodes"] == [None] * 4
        # An entry of the log is a row of the same model.
        entries = [global_id("PluginAuditLog", read_global_id(ids[0])[1]), ids[0]]
        assert [each["__typename"] for each in platform.data(query, ids=entries)["nodes"]] == [
            "PluginAuditLog", "SettingsChange",
        ]  # fmt: skip

    def test_a_member_who_is_removed_is_named_by_the_id_of_the_membership(self, admin, world):
        members = {
            each["user"]["username"]: each["id"]
            for each in admin.data('{ customer(slug: "acme") { members { nodes { id user { username } } } } }')[
                "customer"
            ]["members"]["nodes"]
        }
        values = {"customer": "acme", "username": "vera"}

        removed = [admin.mutate("removeMember", "changed removedMembershipId", **values) for _ in range(2)]

        assert [each["removedMembershipId"] for each in removed] == [members["vera"]] * 2
        assert [each["changed"] for each in removed] == [True, False]
        assert admin.data("query($id: ID!) { node(id: $id) { id } }", id=members["vera"]) == {"node": None}
