"""A plan says what would change in the schema and for whom, and that is what then changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from graphql import get_introspection_query

from tests.api.client import GraphQLClient
from tests.api.mutations.answers import kind
from tests.api.plugins import Inventory, Map, numbered
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.conftest import install, registered
from tests.trials import warm_trials
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

__all__ = ["install", "registered", "warm_trials"]

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
PARTS = "removedTypes removedFields addedTypes addedFields"
PLAN = f"""query($plugin: String!, $action: PlanAction!, $customer: String, $availability: Availability) {{
  pluginPlan(plugin: $plugin, action: $action, customer: $customer, availability: $availability) {{
    steps {{ action plugin {{ name }} }} affectedCustomerCount affectedCustomers {{ slug name }} {PARTS}
    refusal {{ __typename code message }} }} }}"""
EXAMPLES = ("gauges", "hello_world", "labels", "reachability", "site_map")
NO_PARTS: dict[str, list[str]] = {name: [] for name in PARTS.split()}


def plan(client: GraphQLClient, plugin: str, action: str, **asked: Any) -> Any:
    return client.data(PLAN, plugin=plugin, action=action, **asked)["pluginPlan"]


def parts(found: Any) -> dict[str, list[str]]:
    return {name: found[name] for name in NO_PARTS}


class TestSchemas:
    """With the example plugins, which add types and fields, to webnet's types and to one another's."""

    @pytest.fixture
    def operator(self) -> GraphQLClient:
        manager.sync(actor=SYSTEM)
        acme = make_customer("acme")
        for plugin in EXAMPLES:
            manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
        return GraphQLClient.of(make_member("olga", acme, Role.OPERATOR), view="acme")

    def elements(self, client: GraphQLClient) -> tuple[set[str], set[str]]:
        """Names of types, and coordinates of fields, in the schema of this view; without GraphQL's own scalars."""
        types = client.data(get_introspection_query())["__schema"]["types"]
        shown = [each for each in types if each["name"] not in ("Float", "Int", "ID") or each["kind"] != "SCALAR"]
        places = {
            f"{each['name']}.{field['name']}"
            for each in shown
            for field in [*(each["fields"] or ()), *(each["inputFields"] or ())]
        }
        return {each["name"] for each in shown}, places

    def differences(self, before: Any, after: Any) -> dict[str, list[str]]:
        """What a plan has to say when the first becomes the second; fields of whole types go without saying."""
        (types, fields), (later_types, later_fields) = before, after
        gone, new = types - later_types, later_types - types
        return {
            "removedTypes": sorted(gone),
            "removedFields": sorted(each for each in fields - later_fields if each.split(".")[0] not in gone),
            "addedTypes": sorted(new),
            "addedFields": sorted(each for each in later_fields - fields if each.split(".")[0] not in new),
        }

    @pytest.mark.slow
    @pytest.mark.parametrize("plugin", EXAMPLES)
    def test_what_a_plan_for_a_customer_says_is_what_then_changes_in_its_schema(self, operator, plugin):
        before = self.elements(operator)

        planned = plan(operator, plugin, "ENABLE", customer="acme")

        assert before == self.elements(operator)
        manager.enable(plugin, actor=SYSTEM, customer="acme", with_dependencies=True)
        on = self.elements(operator)
        assert parts(planned) == self.differences(before, on)
        removed = parts(plan(operator, plugin, "DISABLE", customer="acme"))
        manager.disable(plugin, actor=SYSTEM, customer="acme", with_dependents=True)
        assert removed == self.differences(on, self.elements(operator))

    @pytest.mark.slow
    def test_dependents_take_their_parts_with_them(self, operator):
        manager.enable("site_map", actor=SYSTEM, customer="acme", with_dependencies=True)
        before = self.elements(operator)

        planned = plan(operator, "device_inventory", "DISABLE", customer="acme")

        assert [each["plugin"]["name"] for each in planned["steps"]] == ["site_map", "device_inventory"]
        manager.disable("device_inventory", actor=SYSTEM, customer="acme", with_dependents=True)
        assert parts(planned) == self.differences(before, self.elements(operator))

    @pytest.mark.slow
    def test_a_plan_for_everybody_has_what_leaves_or_enters_for_anybody(self, operator):
        platform = GraphQLClient.of(make_operator())
        on = self.elements(platform)

        removed = parts(plan(platform, "device_inventory", "DISABLE"))

        manager.disable("device_inventory", actor=SYSTEM, with_dependents=True)
        off = self.elements(platform)
        assert removed == self.differences(on, off) and removed["removedFields"]
        added = plan(platform, "site_map", "ENABLE", availability="DEFAULT_ON")
        manager.enable("site_map", actor=SYSTEM, with_dependencies=True)
        assert parts(added) == self.differences(off, self.elements(platform))
        # It is possible already, and so in the operator's schema; it starts for its customers.
        later = plan(platform, "site_map", "ENABLE", availability="REQUIRED")
        assert (later["affectedCustomerCount"], parts(later)) == (1, parts(added))

    def test_a_refused_plan_has_no_parts(self, operator):
        planned = plan(operator, "site_map", "DISABLE", customer="absent")

        assert parts(planned) == NO_PARTS and planned["refusal"]["code"] == "CUSTOMER_NOT_FOUND"


class TestAffectedCustomers:
    @pytest.fixture
    def platform(self, install) -> GraphQLClient:
        install(Inventory(), Map(), *numbered(2), enabled=True)
        return GraphQLClient.of(make_operator())

    def slugs(self, planned: Any) -> list[str]:
        return [each["slug"] for each in planned["affectedCustomers"]]

    def test_the_first_are_named_and_all_are_counted(self, platform):
        for number in range(30):
            make_customer(f"c{number:02}")
        make_customer("asleep", is_active=False)
        manager.disable("inventory", actor=SYSTEM, customer="c03")
        manager.enable("inventory", actor=SYSTEM, customer="c05")

        planned = plan(platform, "inventory", "ENABLE", availability="DEFAULT_ON")

        assert planned["affectedCustomerCount"] == 28
        assert self.slugs(planned) == [f"c{number:02}" for number in range(22) if number not in (3, 5)]
        manager.enable("inventory", actor=SYSTEM, availability=Availability.DEFAULT_ON)
        assert len(self.slugs(plan(platform, "inventory", "DISABLE"))) == 20
        assert plan(platform, "inventory", "DISABLE")["affectedCustomerCount"] == 29

    def test_customers_that_a_dependent_leaves_count_too(self, platform):
        make_customer("acme"), make_customer("globex")
        manager.enable("map", actor=SYSTEM, customer="globex", with_dependencies=True)

        planned = plan(platform, "inventory", "DISABLE")

        assert (self.slugs(planned), planned["affectedCustomerCount"]) == (["globex"], 1)

    def test_a_customer_whose_pause_or_settings_keep_the_plugin_off_is_not_affected(self, platform):
        manager.enable("inventory", actor=SYSTEM, availability=Availability.DEFAULT_ON)
        acme = make_customer("acme")
        make_customer("globex")
        inventory = PluginConfig.objects.get(name="inventory")
        CustomerPluginConfig.objects.create(
            customer=acme, plugin=inventory, settings={"a": 1}, settings_fault="do not fit."
        )

        planned = plan(platform, "inventory", "DISABLE")

        assert self.slugs(planned) == ["globex"]

    @pytest.mark.parametrize(
        "asked",
        [
            {"action": "DISABLE", "availability": "REQUIRED"},
            {"action": "ENABLE", "availability": "REQUIRED", "customer": "acme"},
        ],
    )
    def test_an_availability_is_planned_along_with_enabling_for_everybody_only(self, platform, asked):
        make_customer("acme")

        planned = plan(platform, "inventory", **asked)

        assert kind(planned["refusal"]) == ("InvalidInput", "INVALID_INPUT")

    def test_an_availability_alone_is_planned_for_a_customer_and_for_everybody(self, platform):
        make_customer("acme"), make_customer("globex")

        required, withheld, inherited = (
            plan(platform, "inventory", "SET_AVAILABILITY", customer="acme", availability=each)
            for each in ("REQUIRED", "WITHHELD", None)
        )
        for_all = plan(platform, "inventory", "SET_AVAILABILITY", availability="REQUIRED")

        assert self.slugs(required) == ["acme"]
        # It was off already, and for a customer without an availability of its own there is nothing to do.
        assert self.slugs(withheld) == [] and withheld["steps"] and inherited["steps"] == []
        assert self.slugs(for_all) == ["acme", "globex"]
        assert [each["action"] for each in required["steps"]] == ["SET_AVAILABILITY"]

    def test_a_plan_of_an_availability_is_refused_like_the_change(self, platform):
        make_customer("acme")

        planned = plan(platform, "map", "SET_AVAILABILITY", customer="acme", availability="REQUIRED")

        assert kind(planned["refusal"]) == ("DependencyRefusal", "DEPENDENCY_DISABLED")

    @pytest.mark.slow
    def test_a_plan_for_ten_thousand_customers_takes_few_statements(self, platform):
        customers = Customer.objects.bulk_create(
            Customer(slug=f"many-{number:05}", name=f"Many {number}") for number in range(10_000)
        )
        inventory = PluginConfig.objects.get(name="inventory")
        CustomerPluginConfig.objects.bulk_create(
            CustomerPluginConfig(customer=customer, plugin=inventory, enabled=bool(number % 2))
            for number, customer in enumerate(customers[:9_000])
        )

        with CaptureQueriesContext(connection) as asked:
            planned = plan(platform, "inventory", "ENABLE", availability="REQUIRED")

        assert planned["affectedCustomerCount"] == 5_500
        assert self.slugs(planned)[:2] == ["many-00000", "many-00002"]
        assert len(asked) <= 10
