"""Who sees what: roles, foreign and missing alike, customers' views, and tokens with limits."""

from __future__ import annotations

import base64
import json

import pytest
from graphql import build_schema, get_named_type

from tests.api.client import GraphQLClient
from tests.factories import make_user
from webnet.api.types.node import global_id
from webnet.api.visibility import visible_schema
from webnet.customers.access import Actor
from webnet.customers.roles import Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginAuditLog

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
OF_A_PLUGIN = """
    statusReason settings effectiveSettings settingSources { path } secretSettings { path } health { status }
    healthHistory { edges { cursor } } customerConfigs { totalCount } auditLogs { edges { cursor } }
"""


@pytest.fixture(autouse=True)
def _greeter_is_enabled(world):
    manager.enable("greeter", actor=SYSTEM)


class TestPlugins:
    def test_operators_see_all_and_others_what_is_enabled(self, platform, viewer):
        query = "{ plugins { totalCount edges { node { name } } } }"

        assert platform.data(query)["plugins"]["totalCount"] == 5
        assert viewer.data(query)["plugins"]["edges"] == [{"node": {"name": "greeter"}}]
        assert viewer.data('{ plugin(name: "inventory") { name } }') == {"plugin": None}
        assert viewer.data('{ plugin(name: "greeter") { name } }')["plugin"]

    def test_inside_of_the_platform_is_null_to_others(self, platform, admin):
        manager.check_health("greeter", actor=SYSTEM)
        query = f'{{ plugin(name: "greeter") {{ {OF_A_PLUGIN} }} }}'

        assert set(admin.data(query)["plugin"].values()) == {None}
        seen = platform.data(query)["plugin"]
        assert seen.pop("statusReason") is None
        assert None not in seen.values()

    def test_reason_of_a_failure_is_told_to_operators_only(self, platform, admin, world):
        assert platform.data('{ plugin(name: "broken") { status statusReason } }')["plugin"] == {
            "status": "FAILED",
            "statusReason": "It raised ImportError.",
        }

    def test_health_filter_betrays_nothing_to_others(self, platform, admin):
        manager.check_health("greeter", actor=SYSTEM)
        query = "{ plugins(filter: {health: [DEGRADED]}) { totalCount } }"

        assert platform.data(query)["plugins"]["totalCount"] == 1
        assert admin.data(query)["plugins"]["totalCount"] == 0

    def test_platforms_settings_are_not_shown_to_customers(self, platform, admin):
        manager.update_settings("greeter", actor=SYSTEM, patch={"limit": 9, "greeting": "Hey"})
        query = """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
            effectiveSettings settingSources { path } secretSettings { path isSet } plugin { settingsSchema } } }"""

        of_operator = platform.data(query)["customerPluginConfig"]
        of_admin = admin.data(query)["customerPluginConfig"]

        assert of_operator["effectiveSettings"] == {"greeting": "Hey", "limit": 9}
        assert of_admin["effectiveSettings"] == {"greeting": "Hey"}
        assert of_admin["settingSources"] == [{"path": "/greeting"}]
        assert of_admin["secretSettings"] == [{"path": "/key", "isSet": False}]
        assert set(of_admin["plugin"]["settingsSchema"]["properties"]) == {"greeting", "key"}

    def test_withheld_plugin_does_not_exist_for_its_customer(self, admin, stranger, platform):
        manager.set_availability("greeter", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD)
        query = """query($customer: String!) { plugin(name: "greeter") { name } plugins { totalCount }
            customerPluginConfig(customer: $customer, plugin: "greeter") { effective }
            customer(slug: $customer) { pluginConfigs { plugin { name } } } }"""

        assert admin.data(query, customer="acme") == {
            "plugin": None,
            "plugins": {"totalCount": 0},
            "customerPluginConfig": None,
            "customer": {"pluginConfigs": []},
        }
        assert stranger.data(query, customer="globex")["plugin"] == {"name": "greeter"}
        assert platform.data(query, customer="acme")["customerPluginConfig"] == {"effective": False}
        answer = admin.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")
        missing = admin.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="missing")
        assert answer == {**missing, "message": missing["message"].replace("missing", "greeter")}


# Every mutation whose input names a customer, and an input that names this one.
NAMING_A_CUSTOMER = [
    ("createApiToken", lambda slug: {"name": "robot", "onlyCustomer": slug}),
    ("updateCustomer", lambda slug: {"customer": slug, "name": "Mine"}),
    ("setMember", lambda slug: {"customer": slug, "username": "ann", "role": "ADMIN"}),
    ("removeMember", lambda slug: {"customer": slug, "username": "gus"}),
    ("setRolePermission", lambda slug: {"customer": slug, "role": "VIEWER", "permission": "greeter.shout"}),
    ("setPluginAvailability", lambda slug: {"customer": slug, "plugin": "greeter", "availability": "REQUIRED"}),
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
    def test_every_kind_is_fetched_again_by_its_id(self, admin, world):
        manager.enable("greeter", actor=SYSTEM, customer="acme")
        admin.mutate("createApiToken", "changed: __typename", name="robot")
        found = admin.data(
            """{ viewer { user { id } apiTokens { id } } plugin(name: "greeter") { id }
            customer(slug: "acme") { id pluginConfigs { id } members { user { id } }
                auditLogs { edges { node { id } } } } }"""
        )
        ids = list(_find_ids(found))

        nodes = [admin.data("query($id: ID!) { node(id: $id) { __typename id } }", id=each)["node"] for each in ids]

        assert [node["id"] for node in nodes] == ids
        assert {node["__typename"] for node in nodes} == {
            "User", "ApiToken", "Plugin", "Customer", "CustomerPluginConfig", "PluginAuditLog",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "make",
        [
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
            lambda world: global_id("PluginAuditLog", PluginAuditLog.objects.first().pk),
            lambda world: global_id("Query", "x"),
            lambda world: global_id("Role", "viewer"),
            lambda world: global_id("Membership", "1"),
            lambda world: global_id("NoSuchType", "1"),
            lambda world: base64.b64encode(b"no colon").decode(),
            lambda world: "not base64!",
            lambda world: "",
        ],
    )
    def test_foreign_missing_and_garbage_are_null_alike(self, operator, world, make):
        answer = operator.send({"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": make(world)}})

        assert json.loads(answer.content) == {"data": {"node": None}}


class TestRoles:
    QUERY = """{ customer(slug: "acme") { viewerRole auditLogs { edges { node { ipAddress } } }
        members { user { username email } role } } }"""

    @pytest.mark.parametrize(
        ("who", "role", "sees_logs", "sees_members"),
        [
            ("viewer", "VIEWER", False, False),
            ("operator", "OPERATOR", True, False),
            ("admin", "ADMIN", True, True),
            ("platform", "ADMIN", True, True),
        ],
    )
    def test_logs_and_members(self, world, who, role, sees_logs, sees_members):
        customer = world.client(who).data(self.QUERY)["customer"]

        assert customer["viewerRole"] == role
        assert (customer["auditLogs"] is not None) is sees_logs
        assert (customer["members"] is not None) is sees_members

    def test_addresses_are_for_admins(self, operator, admin, viewer):
        operator.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")
        query = "{ pluginAuditLogs(first: 1) { edges { node { ipAddress actorName user { username email } role } } } }"

        seen_by_operator, seen_by_admin = (
            client.data(query)["pluginAuditLogs"]["edges"][0]["node"] for client in (operator, admin)
        )

        assert seen_by_operator["ipAddress"] is None
        assert seen_by_admin["ipAddress"] == "127.0.0.1"
        assert seen_by_admin["actorName"] == "oscar"
        assert seen_by_admin["role"] == "OPERATOR"
        assert viewer.data(query)["pluginAuditLogs"]["edges"] == []

    def test_platforms_own_rows_are_for_its_operators(self, platform, admin):
        query = "{ pluginAuditLogs(filter: {platform: true}) { edges { node { action } } } }"

        assert platform.data(query)["pluginAuditLogs"]["edges"]
        assert admin.data(query)["pluginAuditLogs"]["edges"] == []

    def test_emails_are_for_oneself_admins_and_operators(self, admin, platform, viewer):
        members = '{ customer(slug: "acme") { members { user { username email } } } }'
        own = "{ viewer { user { email } } }"

        emails = {
            each["user"]["username"]: each["user"]["email"] for each in admin.data(members)["customer"]["members"]
        }

        assert emails == {"ann": "ann@example.com", "oscar": None, "vera": "vera@example.com"}
        assert viewer.data(own)["viewer"]["user"]["email"] == "vera@example.com"

    def test_user_without_customers_sees_nothing(self, world):
        client = GraphQLClient.of(make_user("newcomer"))

        answer = client.data(
            """{ customers { totalCount } plugins { totalCount } customerPluginConfigs { totalCount }
            pluginAuditLogs { edges { cursor } } navigationItems { label } viewer { memberships { role } } }"""
        )

        assert answer == {
            "customers": {"totalCount": 0},
            "plugins": {"totalCount": 0},
            "customerPluginConfigs": {"totalCount": 0},
            "pluginAuditLogs": {"edges": []},
            "navigationItems": [],
            "viewer": {"memberships": []},
        }


class TestCustomersView:
    def test_it_holds_this_customer_only_also_for_operators(self, platform, world):
        manager.enable("greeter", actor=SYSTEM, customer="acme")
        manager.enable("greeter", actor=SYSTEM, customer="globex")
        query = """{ currentCustomer { slug } customers { edges { node { slug } } } customer(slug: "globex") { slug }
            customerPluginConfigs { edges { node { customer { slug } } } }
            pluginAuditLogs { edges { node { customer { slug } } } }
            plugin(name: "greeter") {
                customerConfigs { totalCount } auditLogs { edges { node { customer { slug } } } } }
            customerPluginConfig(customer: "globex", plugin: "greeter") { id } }"""

        seen = platform.at("acme").data(query)

        assert "globex" not in json.dumps(seen)
        assert seen["currentCustomer"] == {"slug": "acme"}
        assert seen["plugin"]["customerConfigs"]["totalCount"] == 1
        assert platform.data("{ currentCustomer { slug } }") == {"currentCustomer": None}

    def test_another_customer_in_the_input_is_not_found(self, platform):
        client = platform.at("acme")

        for mutation, values in (
            ("enableCustomerPlugin", {"customer": "globex", "plugin": "greeter"}),
            ("updateCustomer", {"customer": "globex", "name": "X"}),
            ("setPluginAvailability", {"customer": "globex", "plugin": "greeter", "availability": "REQUIRED"}),
            ("setPluginForCustomers", {"customers": ["acme", "globex"], "plugin": "greeter", "action": "ENABLE"}),
            ("createApiToken", {"name": "x", "onlyCustomer": "globex"}),
        ):
            assert client.mutate(mutation, "__typename", **values)["code"] == "CUSTOMER_NOT_FOUND", mutation
        plan = client.data('{ pluginPlan(plugin: "greeter", customer: "globex", action: ENABLE) { refusal { code } } }')
        assert plan["pluginPlan"]["refusal"] == {"code": "CUSTOMER_NOT_FOUND"}

    def test_nothing_was_changed_by_them(self, platform, world):
        self.test_another_customer_in_the_input_is_not_found(platform)

        world.globex.refresh_from_db()
        assert world.globex.name == "Globex"


class TestLimitedTokens:
    def test_token_for_one_customer_sees_only_it(self, world):
        client = GraphQLClient.of(world.platform, only_customer=world.acme)

        assert client.data("{ viewer { isPlatformOperator } customers { edges { node { slug } } } }") == {
            "viewer": {"isPlatformOperator": False},
            "customers": {"edges": [{"node": {"slug": "acme"}}]},
        }
        assert client.mutate("enablePlugin", "changed", plugin="inventory")["code"] == "OPERATORS_ONLY"

    def test_token_with_a_role_has_no_more(self, world):
        client = GraphQLClient.of(world.admin, maximum_role=Role.VIEWER)
        query = """{ viewer { memberships { role } } customer(slug: "acme") { viewerRole members { role }
            auditLogs { edges { cursor } } } pluginAuditLogs { edges { cursor } } }"""

        assert client.data(query) == {
            "viewer": {"memberships": [{"role": "VIEWER"}]},
            "customer": {"viewerRole": "VIEWER", "members": None, "auditLogs": None},
            "pluginAuditLogs": {"edges": []},
        }
        refusal = client.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")
        assert refusal["code"] == "ROLE_TOO_LOW"


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
