"""What each mutation of one customer's plugins does, each refusal it can give, and plans."""

from __future__ import annotations

import pytest

from tests.api.mutations.answers import ask, kind
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


class TestCustomersPlugins:
    @pytest.fixture(autouse=True)
    def _plugins_are_enabled(self, world):
        for plugin in ("greeter", "inventory", "map"):
            manager.enable(plugin, actor=SYSTEM)

    def test_choice_is_made_declined_and_forgotten(self, operator):
        values = {"customer": "acme", "plugin": "greeter"}
        selection = "changed config { id enabled effective ineffectiveCodes updatedAt }"
        before = operator.data('{ customerPluginConfig(customer: "acme", plugin: "greeter") { id updatedAt enabled } }')

        on = operator.mutate("enableCustomerPlugin", selection, **values)
        again = operator.mutate("enableCustomerPlugin", selection, **values)
        off = operator.mutate("disableCustomerPlugin", selection, **values)
        reset = operator.mutate("resetCustomerPlugin", selection, **values)

        assert before["customerPluginConfig"] == {"id": on["config"]["id"], "updatedAt": None, "enabled": None}
        assert [answer["changed"] for answer in (on, again, off, reset)] == [True, False, True, True]
        assert [answer["config"]["enabled"] for answer in (on, off, reset)] == [True, False, None]
        assert on["config"]["effective"] is True
        assert off["config"]["ineffectiveCodes"] == ["SWITCHED_OFF"]
        assert reset["config"]["ineffectiveCodes"] == ["NOT_SWITCHED_ON"]
        assert on["config"]["updatedAt"]

    def test_dependencies_come_along_when_wished(self, operator):
        values = {"customer": "acme", "plugin": "map"}
        refused = ask(operator, "enableCustomerPlugin", "... on DependencyRefusal { plugins }", **values)
        enabled = operator.mutate(
            "enableCustomerPlugin", "alsoEnabled { plugin { name } enabled }", **values, enableDependencies=True
        )
        disabled = operator.mutate(
            "disableCustomerPlugin", "alsoDisabled { plugin { name } }",
            customer="acme", plugin="inventory", disableDependents=True,
        )  # fmt: skip

        assert (refused["code"], refused["plugins"]) == ("DEPENDENCY_DISABLED", ["inventory"])
        assert enabled["alsoEnabled"] == [{"plugin": {"name": "inventory"}, "enabled": True}]
        assert disabled["alsoDisabled"] == [{"plugin": {"name": "map"}}]

    def test_no_plugin_is_changed_that_was_not_planned(self, operator, platform):
        """As when another one is switched between the plan and its confirmation."""
        selection = "... on DependencyRefusal { plugins }"
        on = {"customer": "acme", "plugin": "map", "enableDependencies": True}
        off = {"customer": "acme", "plugin": "inventory", "disableDependents": True}

        refused = ask(operator, "enableCustomerPlugin", selection, **on, onlyPlugins=["map"])
        assert not CustomerPluginConfig.objects.filter(enabled=True).exists()
        planned = operator.mutate("enableCustomerPlugin", "changed", **on, onlyPlugins=["map", "inventory", "greeter"])
        again = operator.mutate("enableCustomerPlugin", "changed", **on, onlyPlugins=[])
        kept = ask(operator, "disableCustomerPlugin", selection, **off, onlyPlugins=["inventory"])
        globally = ask(platform, "disablePlugin", selection, plugin="inventory", disableDependents=True, onlyPlugins=[])

        assert (refused["code"], refused["plugins"]) == ("PLAN_CHANGED", ["inventory"])
        assert (planned["changed"], again["changed"]) == (True, False)
        assert (kept["code"], kept["plugins"]) == ("PLAN_CHANGED", ["map"])
        assert (globally["code"], globally["plugins"]) == ("PLAN_CHANGED", ["map", "inventory"])
        assert PluginConfig.objects.get(name="inventory").enabled

    def test_an_availability_that_comes_along_has_to_be_planned_too(self, platform):
        values = {"plugin": "map", "availability": "REQUIRED", "enableDependencies": True}

        refused = ask(platform, "enablePlugin", "... on DependencyRefusal { plugins }", **values, onlyPlugins=["map"])

        assert (refused["code"], refused["plugins"]) == ("PLAN_CHANGED", ["inventory"])
        assert PluginConfig.objects.get(name="map").availability == Availability.OFFERED

    @pytest.mark.parametrize(
        ("mutation", "values"),
        [
            ("enableCustomerPlugin", {}),
            ("disableCustomerPlugin", {}),
            ("resetCustomerPlugin", {}),
            ("updateCustomerPluginSettings", {"settings": {}}),
            ("checkPluginHealth", {}),
        ],
    )
    def test_role_too_low_names_the_one_that_would_do(self, viewer, mutation, values):
        more = "... on PermissionDenied { requiredRole }"

        answer = ask(viewer, mutation, more, customer="acme", plugin="greeter", **values)

        assert kind(answer) == ("PermissionDenied", "ROLE_TOO_LOW")
        assert answer["requiredRole"] == "OPERATOR"

    def test_required_plugin_cant_be_declined(self, admin):
        manager.set_availability("greeter", actor=SYSTEM, availability=Availability.REQUIRED)

        answer = admin.mutate("disableCustomerPlugin", "changed", customer="acme", plugin="greeter")

        assert kind(answer) == ("PermissionDenied", "AVAILABILITY")

    def test_plugin_disabled_for_everybody_is_unavailable(self, platform):
        manager.disable("greeter", actor=SYSTEM)

        answer = platform.mutate("enableCustomerPlugin", "changed", customer="acme", plugin="greeter")

        assert kind(answer) == ("PluginUnavailable", "PLUGIN_DISABLED")

    def test_many_customers_have_an_answer_each(self, platform, world):
        selection = """changedCount refusedCount outcomes { customerSlug changed config { effective customer { slug } }
            refusal { __typename code } }"""

        answer = platform.mutate(
            "setPluginForCustomers",
            selection,
            plugin="greeter",
            customers=["globex", "absent", "acme"],
            action="ENABLE",
        )

        assert (answer["changedCount"], answer["refusedCount"]) == (2, 1)
        assert [outcome["customerSlug"] for outcome in answer["outcomes"]] == ["globex", "absent", "acme"]
        assert answer["outcomes"][0] == {
            "customerSlug": "globex",
            "changed": True,
            "config": {"effective": True, "customer": {"slug": "globex"}},
            "refusal": None,
        }
        assert answer["outcomes"][1]["config"] is None
        assert answer["outcomes"][1]["refusal"] == {"__typename": "NotFound", "code": "CUSTOMER_NOT_FOUND"}
        assert CustomerPluginConfig.objects.filter(enabled=True).count() == 2

    @pytest.mark.parametrize("customers", [[f"c{n}" for n in range(1_001)], ["acme", "acme"]])
    def test_batch_has_its_limits(self, platform, customers):
        answer = ask(
            platform, "setPluginForCustomers", "... on InvalidInput { field }",
            plugin="greeter", customers=customers, action="RESET",
        )  # fmt: skip

        assert kind(answer) == ("InvalidInput", "INVALID_INPUT")
        assert answer["field"] == "customers"

    def test_an_availability_is_no_choice_for_many(self, platform):
        answer = ask(
            platform, "setPluginForCustomers", "... on InvalidInput { field }",
            plugin="greeter", customers=["acme"], action="SET_AVAILABILITY",
        )  # fmt: skip

        assert (kind(answer), answer["field"]) == (("InvalidInput", "INVALID_INPUT"), "action")


class TestPlan:
    QUERY = """query($plugin: String!, $customer: String, $action: PlanAction!) {
        pluginPlan(plugin: $plugin, customer: $customer, action: $action) {
            action plugin { name } customer { slug } steps { plugin { name } action } affectedCustomerCount
            refusal { __typename code } } }"""

    def plan(self, client, **asked):
        return client.data(self.QUERY, **asked)["pluginPlan"]

    def test_plan_names_the_steps_and_changes_nothing(self, platform):
        before = PluginAuditLog.objects.count()

        plan = self.plan(platform, plugin="map", action="ENABLE")

        assert plan["steps"] == [
            {"plugin": {"name": "inventory"}, "action": "ENABLE"},
            {"plugin": {"name": "map"}, "action": "ENABLE"},
        ]
        assert (plan["action"], plan["plugin"], plan["customer"]) == ("ENABLE", {"name": "map"}, None)
        assert plan["refusal"] is None
        assert not PluginConfig.objects.filter(enabled=True).exists()
        assert PluginAuditLog.objects.count() == before

    def test_plan_for_a_customer_counts_it(self, operator):
        manager.enable("greeter", actor=SYSTEM)

        plan = self.plan(operator, plugin="greeter", customer="acme", action="ENABLE")

        assert plan["customer"] == {"slug": "acme"}
        assert plan["affectedCustomerCount"] == 1

    @pytest.mark.parametrize(
        ("who", "asked", "expected"),
        [
            ("platform", {"plugin": "absent"}, ("NotFound", "PLUGIN_NOT_FOUND")),
            ("platform", {"plugin": "broken"}, ("PluginUnavailable", "PLUGIN_NOT_RUNNABLE")),
            ("platform", {"plugin": "greeter", "customer": "absent"}, ("NotFound", "CUSTOMER_NOT_FOUND")),
            ("operator", {"plugin": "greeter", "customer": "globex"}, ("NotFound", "CUSTOMER_NOT_FOUND")),
            ("operator", {"plugin": "greeter"}, ("PermissionDenied", "OPERATORS_ONLY")),
            ("viewer", {"plugin": "greeter", "customer": "acme"}, ("PermissionDenied", "ROLE_TOO_LOW")),
        ],
    )
    def test_refusal_is_part_of_the_plan(self, world, who, asked, expected):
        plan = self.plan(world.client(who), action="ENABLE", **asked)

        assert (plan["refusal"]["__typename"], plan["refusal"]["code"]) == expected
        assert plan["steps"] == []
