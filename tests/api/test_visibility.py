"""Who sees what: roles, customers' views, and tokens with limits."""

from __future__ import annotations

import json

import pytest

from tests.api.client import GraphQLClient
from tests.factories import make_user
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability

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
            customer(slug: $customer) { pluginConfigs { edges { node { plugin { name } } } } } }"""

        assert admin.data(query, customer="acme") == {
            "plugin": None,
            "plugins": {"totalCount": 0},
            "customerPluginConfig": None,
            "customer": {"pluginConfigs": {"edges": []}},
        }
        assert stranger.data(query, customer="globex")["plugin"] == {"name": "greeter"}
        assert platform.data(query, customer="acme")["customerPluginConfig"] == {"effective": False}
        answer = admin.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")
        missing = admin.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="missing")
        assert answer == {**missing, "message": missing["message"].replace("missing", "greeter")}


class TestRoles:
    QUERY = """{ customer(slug: "acme") { viewerRole auditLogs { edges { node { ipAddress } } }
        members { edges { node { user { username email } role } } } } }"""

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
        members = '{ customer(slug: "acme") { members { edges { node { user { username email } } } } } }'
        own = "{ viewer { user { email } } }"

        emails = {
            edge["node"]["user"]["username"]: edge["node"]["user"]["email"]
            for edge in admin.data(members)["customer"]["members"]["edges"]
        }

        assert emails == {"ann": "ann@example.com", "oscar": None, "vera": "vera@example.com"}
        assert viewer.data(own)["viewer"]["user"]["email"] == "vera@example.com"

    def test_user_without_customers_sees_nothing(self, world):
        client = GraphQLClient.of(make_user("newcomer"))

        answer = client.data(
            """{ customers { totalCount } plugins { totalCount } customerPluginConfigs { totalCount }
            pluginAuditLogs { edges { cursor } } navigationItems { label }
            viewer { memberships { edges { node { role } } } } }"""
        )

        assert answer == {
            "customers": {"totalCount": 0},
            "plugins": {"totalCount": 0},
            "customerPluginConfigs": {"totalCount": 0},
            "pluginAuditLogs": {"edges": []},
            "navigationItems": [],
            "viewer": {"memberships": {"edges": []}},
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
        query = """{ viewer { memberships { edges { node { role } } } }
            customer(slug: "acme") { viewerRole members { edges { node { role } } }
                auditLogs { edges { cursor } } } pluginAuditLogs { edges { cursor } } }"""

        assert client.data(query) == {
            "viewer": {"memberships": {"edges": [{"node": {"role": "VIEWER"}}]}},
            "customer": {"viewerRole": "VIEWER", "members": None, "auditLogs": None},
            "pluginAuditLogs": {"edges": []},
        }
        refusal = client.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")
        assert refusal["code"] == "ROLE_TOO_LOW"
