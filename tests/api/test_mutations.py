"""What each mutation does, and each refusal it can give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.factories import PASSWORD, make_membership
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer, User
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginAuditLog, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
REFUSAL = """... on Refusal { code message } ... on PermissionDenied { requiredRole }
    ... on DependencyRefusal { plugins }"""


def kind(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["__typename"], answer["code"]


def ask(client: GraphQLClient, field: str, more: str, **values: Any) -> dict[str, Any]:
    """The mutation's answer with what one refusal says besides code and message."""
    name = field[0].upper() + field[1:]
    query = f"""mutation($input: {name}Input!) {{ {field}(input: $input) {{
        __typename ... on Refusal {{ code message }} {more} }} }}"""
    return client.data(query, input=values)[field]


class TestPlugins:
    def test_enable_and_disable_say_what_they_changed(self, platform):
        selection = "plugin { name enabled availability } changed alsoEnabled { name }"
        first = platform.mutate("enablePlugin", selection, plugin="greeter", availability="REQUIRED", reason="try")
        again = platform.mutate("enablePlugin", selection, plugin="greeter")
        off = platform.mutate("disablePlugin", "changed plugin { enabled }", plugin="greeter")

        assert first["plugin"] == {"name": "greeter", "enabled": True, "availability": "REQUIRED"}
        assert (first["changed"], again["changed"], off["changed"]) == (True, False, True)
        assert off["plugin"] == {"enabled": False}
        rows = PluginAuditLog.objects.filter(plugin_name="greeter").order_by("position")
        assert [(row.action, row.actor_name, row.reason) for row in rows] == [
            ("enable_plugin", "platform", "try"),
            ("disable_plugin", "platform", ""),
        ]

    def test_resume_ends_a_pause_for_everybody_or_for_one_customer(self, platform, operator, viewer, stranger):
        manager.enable("greeter", actor=SYSTEM, availability=Availability.DEFAULT_ON)
        for slug in (None, "acme"):
            manager.pause("greeter", actor=SYSTEM, customer=slug, reason="It failed.")
        state = "changed plugin { name status } config { effective ineffectiveCodes }"

        denied = viewer.mutate("resumePlugin", state, plugin="greeter", customer="acme")
        hidden = stranger.mutate("resumePlugin", state, plugin="greeter", customer="acme")
        unknown = platform.mutate("resumePlugin", state, plugin="nothing")
        elsewhere = platform.at("globex").mutate("resumePlugin", state, plugin="greeter", customer="acme")
        theirs = operator.mutate("resumePlugin", state, plugin="greeter", customer="acme", reason="mended")
        for_all = operator.mutate("resumePlugin", state, plugin="greeter")
        ended = platform.mutate("resumePlugin", state, plugin="greeter")
        again = platform.mutate("resumePlugin", state, plugin="greeter", customer="acme")

        assert kind(denied) == ("PermissionDenied", "ROLE_TOO_LOW")
        assert kind(hidden) == ("NotFound", "CUSTOMER_NOT_FOUND") == kind(elsewhere)
        assert kind(unknown) == ("NotFound", "PLUGIN_NOT_FOUND")
        assert theirs["changed"] and theirs["config"] == {"effective": False, "ineffectiveCodes": ["PAUSED"]}
        assert kind(for_all) == ("PermissionDenied", "OPERATORS_ONLY")
        assert ended["plugin"] == {"name": "greeter", "status": "LOADED"} and ended["config"] is None
        assert (again["changed"], again["config"]["effective"]) == (False, True)
        assert PluginAuditLog.objects.filter(action="resume_plugin", outcome="succeeded").count() == 2

    def test_a_pause_is_shown_with_its_reason_to_those_who_run_the_platform(self, platform, viewer):
        manager.enable("greeter", actor=SYSTEM, availability=Availability.REQUIRED)
        manager.pause("greeter", actor=SYSTEM, customer="acme", reason="It failed.")
        query = """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
            enabled effective ineffectiveCodes ineffectiveReasons } }"""

        (inside,) = platform.data(query)["customerPluginConfig"].pop("ineffectiveReasons")
        shown = viewer.data(query)["customerPluginConfig"]

        assert inside.startswith("'greeter' is paused for 'acme' until ") and inside.endswith(": It failed.")
        told = "'greeter' is paused, since it failed; it is tried again by itself."
        assert shown["ineffectiveReasons"] == [told]
        assert shown["ineffectiveCodes"] == ["PAUSED"] and shown["enabled"] is None
        # A pause is nobody's choice.
        assert platform.data("{ customerPluginConfigs { totalCount } }")["customerPluginConfigs"]["totalCount"] == 0
        paused = "{ plugins(filter: {status: [PAUSED]}) { edges { node { name } } } }"
        assert platform.data(paused)["plugins"]["edges"] == []
        manager.pause("greeter", actor=SYSTEM)
        assert platform.data(paused)["plugins"]["edges"] == [{"node": {"name": "greeter"}}]

    def test_dependencies_come_along_when_wished(self, platform):
        refused = ask(platform, "enablePlugin", "... on DependencyRefusal { plugins }", plugin="map")
        enabled = platform.mutate("enablePlugin", "alsoEnabled { name }", plugin="map", enableDependencies=True)
        held = ask(platform, "disablePlugin", "... on DependencyRefusal { plugins }", plugin="inventory")
        disabled = platform.mutate("disablePlugin", "alsoDisabled { name }", plugin="inventory", disableDependents=True)

        assert kind(refused) == ("DependencyRefusal", "DEPENDENCY_DISABLED")
        assert refused["plugins"] == ["inventory"]
        assert enabled["alsoEnabled"] == [{"name": "inventory"}]
        assert (held["code"], held["plugins"]) == ("DEPENDENTS_ENABLED", ["map"])
        assert disabled["alsoDisabled"] == [{"name": "map"}]

    def test_failed_plugin_is_unavailable(self, platform):
        answer = ask(platform, "enablePlugin", "... on PluginUnavailable { status }", plugin="broken")

        assert kind(answer) == ("PluginUnavailable", "PLUGIN_NOT_RUNNABLE")
        assert answer["status"] == "FAILED"

    def test_failing_hook_changes_nothing_and_says_whose_it_is(self, platform):
        answer = ask(platform, "enablePlugin", "... on HookFailed { pluginName }", plugin="refusing")

        assert kind(answer) == ("HookFailed", "HOOK_FAILED")
        assert answer["pluginName"] == "refusing"
        assert "Monday" not in answer["message"]
        assert not PluginConfig.objects.get(name="refusing").enabled

    @pytest.mark.parametrize(
        ("mutation", "values"),
        [
            ("enablePlugin", {}),
            ("disablePlugin", {}),
            ("updatePluginSettings", {"settings": {}}),
            ("setPluginAvailability", {"availability": "REQUIRED"}),
            ("checkPluginHealth", {}),
            ("setPluginForCustomers", {"customers": [], "action": "ENABLE"}),
        ],
    )
    def test_unknown_plugin_is_not_found(self, platform, mutation, values):
        assert kind(platform.mutate(mutation, "__typename", plugin="absent", **values)) == (
            "NotFound",
            "PLUGIN_NOT_FOUND",
        )

    @pytest.mark.parametrize(
        ("mutation", "values"),
        [
            ("enablePlugin", {"plugin": "greeter"}),
            ("disablePlugin", {"plugin": "greeter"}),
            ("updatePluginSettings", {"plugin": "greeter", "settings": {}}),
            ("setPluginAvailability", {"plugin": "greeter", "availability": "REQUIRED"}),
            ("setPluginAvailability", {"plugin": "greeter", "availability": "REQUIRED", "customer": "acme"}),
            ("checkPluginHealth", {"plugin": "greeter"}),
            ("syncPlugins", {}),
            ("createCustomer", {"slug": "new", "name": "New"}),
            ("createUser", {"username": "new"}),
            ("updateCustomer", {"customer": "acme", "name": "New"}),
        ],
    )
    def test_only_operators_act_for_everybody(self, admin, mutation, values):
        assert kind(admin.mutate(mutation, "__typename", **values)) == ("PermissionDenied", "OPERATORS_ONLY")

    def test_availability_of_one_customer_and_back(self, platform, world):
        manager.enable("greeter", actor=SYSTEM)
        selection = "changed plugin { availability } config { availability effective customer { slug } }"
        values = {"plugin": "greeter", "customer": "acme"}

        required = platform.mutate("setPluginAvailability", selection, **values, availability="REQUIRED")
        back = platform.mutate("setPluginAvailability", selection, **values, availability=None)
        for_all = platform.mutate("setPluginAvailability", selection, plugin="greeter", availability="DEFAULT_ON")

        assert required["config"] == {"availability": "REQUIRED", "effective": True, "customer": {"slug": "acme"}}
        assert required["plugin"] == {"availability": "OFFERED"}
        assert back["config"]["availability"] == "OFFERED"
        assert for_all["config"] is None
        assert for_all["plugin"] == {"availability": "DEFAULT_ON"}

    def test_sync_tells_what_it_found(self, platform):
        PluginConfig.objects.create(name="gone", verbose_name="Gone", version="1", status="loaded")

        found = platform.mutate(
            "syncPlugins", "added { name } updated { name } missing { name } failed { name status }"
        )

        assert found["missing"] == [{"name": "gone"}]
        assert found["failed"] == [{"name": "broken", "status": "FAILED"}]
        assert (
            platform.data("mutation { syncPlugins { __typename } }")["syncPlugins"]["__typename"]
            == "SyncPluginsPayload"
        )

    def test_health_is_stored_and_shown(self, platform, admin):
        manager.enable("greeter", actor=SYSTEM)
        selection = "health { status message details durationMs } plugin { name } config { customer { slug } }"

        of_platform = platform.mutate("checkPluginHealth", selection, plugin="greeter")
        of_acme = admin.mutate("checkPluginHealth", selection, plugin="greeter", customer="acme")
        unavailable = platform.mutate("checkPluginHealth", "__typename", plugin="broken")

        assert of_platform["health"]["status"] == "DEGRADED"
        assert of_platform["health"]["details"] == {"volume": 3}
        assert of_platform["config"] is None
        assert of_acme["config"] == {"customer": {"slug": "acme"}}
        assert kind(unavailable) == ("PluginUnavailable", "PLUGIN_NOT_RUNNABLE")
        query = '{ customerPluginConfig(customer: "acme", plugin: "greeter") { health { message } } }'
        assert admin.data(query)["customerPluginConfig"] == {"health": {"message": "Hoarse."}}

    def test_the_history_of_health_is_paged_newest_first_and_each_pairs_own(self, platform, viewer):
        manager.enable("greeter", actor=SYSTEM)
        for customer in (None, "acme", "acme", None, "acme"):
            manager.check_health("greeter", actor=SYSTEM, customer=customer)
        history = (
            "healthHistory(first: 2, after: $after) { pageInfo { hasNextPage endCursor } edges { node { checkedAt } } }"
        )
        of_acme = f"""query($after: String) {{
            customerPluginConfig(customer: "acme", plugin: "greeter") {{ health {{ checkedAt }} {history} }}
        }}"""
        of_platform = f"""query($after: String) {{ plugin(name: "greeter") {{ health {{ checkedAt }} {history} }} }}"""

        config = viewer.data(of_acme)["customerPluginConfig"]
        rest = viewer.data(of_acme, after=config["healthHistory"]["pageInfo"]["endCursor"])["customerPluginConfig"]
        plugin = platform.data(of_platform)["plugin"]

        assert config["healthHistory"]["edges"][0]["node"] == config["health"]
        shown = [edge["node"]["checkedAt"] for page in (config, rest) for edge in page["healthHistory"]["edges"]]
        assert len(shown) == 3 and shown == sorted(shown, reverse=True)
        assert not rest["healthHistory"]["pageInfo"]["hasNextPage"]
        assert plugin["healthHistory"]["edges"][0]["node"] == plugin["health"]
        assert len(plugin["healthHistory"]["edges"]) == 2

    def test_without_a_check_the_history_of_health_is_empty(self, viewer):
        manager.enable("greeter", actor=SYSTEM)
        query = '{ customerPluginConfig(customer: "acme", plugin: "greeter") { healthHistory { edges { cursor } } } }'

        assert viewer.data(query)["customerPluginConfig"] == {"healthHistory": {"edges": []}}


class TestSettings:
    @pytest.fixture(autouse=True)
    def _greeter_is_enabled(self, world):
        manager.enable("greeter", actor=SYSTEM)

    def test_layers_and_revisions(self, platform, admin):
        platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"greeting": "Hey"})
        values = {"customer": "acme", "plugin": "greeter"}
        selection = "changed config { settings effectiveSettings settingsRevision settingSources { path layer } }"

        first = admin.mutate("updateCustomerPluginSettings", selection, **values, settings={"greeting": "Hi"})
        same = admin.mutate("updateCustomerPluginSettings", selection, **values, settings={"greeting": "Hi"})
        removed = admin.mutate(
            "updateCustomerPluginSettings", selection, **values, settings={"greeting": None}, expectedRevision=1
        )

        assert first["config"]["settings"] == {"greeting": "Hi"}
        assert {"path": "/greeting", "layer": "CUSTOMER"} in first["config"]["settingSources"]
        assert (first["changed"], same["changed"], removed["changed"]) == (True, False, True)
        assert removed["config"]["effectiveSettings"] == {"greeting": "Hey"}
        assert removed["config"]["settingsRevision"] == 2

    def test_settings_that_break_the_schema_name_each_path(self, platform):
        answer = ask(
            platform,
            "updatePluginSettings",
            "... on InvalidSettings { issues { path message } }",
            plugin="greeter",
            settings={"greeting": "canary " * 10, "limit": 0, "typo": 1},
        )

        assert kind(answer) == ("InvalidSettings", "INVALID_SETTINGS")
        assert sorted(issue["path"] for issue in answer["issues"]) == ["/greeting", "/limit", "/typo"]
        assert "canary" not in str(answer)
        assert PluginConfig.objects.get(name="greeter").settings == {}

    def test_stale_revision_is_a_conflict_with_the_current_one(self, platform, admin):
        platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"limit": 6})

        for client, mutation, current, values in (
            (platform, "updatePluginSettings", 1, {"settings": {"limit": 7}, "expectedRevision": 0}),
            (admin, "updateCustomerPluginSettings", 0, {"customer": "acme", "settings": {}, "expectedRevision": 1}),
        ):
            answer = ask(client, mutation, "... on Conflict { currentRevision }", plugin="greeter", **values)
            assert kind(answer) == ("Conflict", "REVISION_CONFLICT")
            assert answer["currentRevision"] == current
        assert PluginConfig.objects.get(name="greeter").settings == {"limit": 6}

    def test_secrets_go_in_and_never_come_out(self, platform, admin):
        values = {"customer": "acme", "plugin": "greeter"}
        response = admin.send(
            {
                "query": """mutation($input: UpdateCustomerPluginSettingsInput!) {
                    updateCustomerPluginSettings(input: $input) { ... on UpdateCustomerPluginSettingsPayload {
                        config { settings effectiveSettings settingSources { path }
                            secretSettings { path isSet updatedAt } } } } }""",
                "variables": {"input": {**values, "settings": {"key": "canary-7f3a"}}},
            }
        )
        logs = platform.send({"query": "{ pluginAuditLogs { edges { node { before after reason } } } }"})

        assert b"canary" not in response.content + logs.content
        (secret,) = response.json()["data"]["updateCustomerPluginSettings"]["config"]["secretSettings"]
        assert (secret["path"], secret["isSet"]) == ("/key", True)

    def test_secret_in_a_literal_works_too(self, admin):
        mutation = """mutation { updateCustomerPluginSettings(input: {customer: "acme", plugin: "greeter",
            settings: {greeting: "Hi", key: "k"}}) { ... on UpdateCustomerPluginSettingsPayload { changed } } }"""

        assert admin.data(mutation) == {"updateCustomerPluginSettings": {"changed": True}}

    @pytest.mark.parametrize("patch", [[], "text", 7, True])
    def test_patch_that_is_no_object_is_invalid(self, platform, patch):
        answer = platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings=patch)

        assert kind(answer) == ("InvalidSettings", "INVALID_SETTINGS")

    def test_plugin_that_failed_takes_no_settings(self, platform):
        answer = platform.mutate("updatePluginSettings", "changed", plugin="broken", settings={})

        assert kind(answer) == ("PluginUnavailable", "PLUGIN_NOT_RUNNABLE")


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

    @pytest.mark.parametrize("customers", [[f"c{n}" for n in range(101)], ["acme", "acme"]])
    def test_batch_has_its_limits(self, platform, customers):
        answer = ask(
            platform, "setPluginForCustomers", "... on InvalidInput { field }",
            plugin="greeter", customers=customers, action="RESET",
        )  # fmt: skip

        assert kind(answer) == ("InvalidInput", "INVALID_INPUT")
        assert answer["field"] == "customers"


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


class TestIdentity:
    def test_customer_is_made_renamed_and_closed(self, platform):
        made = platform.mutate("createCustomer", "customer { slug name isActive viewerRole }", slug="new", name="New")
        renamed = platform.mutate("updateCustomer", "changed customer { name isActive }", customer="new", name="Newer")
        same = platform.mutate("updateCustomer", "changed", customer="new", name="Newer", isActive=None)
        closed = platform.mutate("updateCustomer", "customer { name isActive }", customer="new", isActive=False)

        assert made["customer"] == {"slug": "new", "name": "New", "isActive": True, "viewerRole": "ADMIN"}
        assert renamed == {
            "__typename": "UpdateCustomerPayload",
            "changed": True,
            "customer": {"name": "Newer", "isActive": True},
        }
        assert same["changed"] is False
        assert closed["customer"] == {"name": "Newer", "isActive": False}
        assert platform.mutate("updateCustomer", "changed", customer="absent")["code"] == "CUSTOMER_NOT_FOUND"

    @pytest.mark.parametrize(
        ("mutation", "values", "expected"),
        [
            ("createCustomer", {"slug": "acme", "name": "x"}, ("NAME_TAKEN", "slug")),
            ("createCustomer", {"slug": "No Slug", "name": "x"}, ("INVALID_INPUT", "slug")),
            ("createCustomer", {"slug": "new", "name": " "}, ("INVALID_INPUT", "name")),
            ("updateCustomer", {"customer": "acme", "name": "x" * 201}, ("INVALID_INPUT", "name")),
            ("createUser", {"username": "ann"}, ("NAME_TAKEN", "username")),
            ("createUser", {"username": "no name"}, ("INVALID_INPUT", "username")),
            ("createUser", {"username": "new", "email": "x"}, ("INVALID_INPUT", "email")),
            ("createUser", {"username": "new", "password": "1"}, ("INVALID_INPUT", "password")),
            ("createApiToken", {"name": ""}, ("INVALID_INPUT", "name")),
            ("createApiToken", {"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}, ("INVALID_INPUT", "expiresAt")),
        ],
    )
    def test_input_that_cant_be_taken_names_its_field(self, platform, mutation, values, expected):
        before = (Customer.objects.count(), User.objects.count())

        answer = ask(platform, mutation, "... on InvalidInput { field }", **values)

        assert (answer["__typename"], answer["code"], answer["field"]) == ("InvalidInput", *expected)
        assert (Customer.objects.count(), User.objects.count()) == before

    def test_user_is_made(self, platform, nobody):
        values = {"username": "new", "name": "New User", "email": "new@example.com", "password": PASSWORD}

        made = platform.mutate("createUser", "user { username name email }", **values)

        assert made["user"] == {"username": "new", "name": "New User", "email": "new@example.com"}
        assert nobody.mutate("signIn", "viewer { user { name } }", username="new", password=PASSWORD)["viewer"]

    def test_members_come_change_and_go(self, admin, world):
        selection = "changed membership { role user { username } customer { slug } }"
        values = {"customer": "acme", "username": "gus"}

        added = admin.mutate("setMember", selection, **values, role="VIEWER")
        raised = admin.mutate("setMember", selection, **values, role="OPERATOR")
        same = admin.mutate("setMember", selection, **values, role="OPERATOR")
        removed = [admin.mutate("removeMember", "changed", **values)["changed"] for _ in range(2)]
        unknown = admin.mutate("setMember", "changed", customer="acme", username="absent", role="VIEWER")

        assert added["membership"] == {
            "role": "VIEWER",
            "user": {"username": "gus"},
            "customer": {"slug": "acme"},
        }
        assert [each["changed"] for each in (added, raised, same)] == [True, True, False]
        assert removed == [True, False]
        assert kind(unknown) == ("NotFound", "USER_NOT_FOUND")

    def test_last_admin_is_removed_by_operators_only(self, admin, platform):
        values = {"customer": "acme", "username": "ann"}

        assert kind(admin.mutate("removeMember", "changed", **values)) == ("PermissionDenied", "OPERATORS_ONLY")
        assert platform.mutate("removeMember", "changed", **values)["changed"] is True

    def test_whoever_leaves_the_customer_of_the_view_is_told_so_and_sees_nothing_more(self, admin, world):
        make_membership(world.stranger, world.acme, Role.ADMIN)
        inside = admin.at("acme")

        data = inside.data(
            """mutation { removeMember(input: {customer: "acme", username: "ann"}) { __typename
                ... on RemoveMemberPayload { changed } }
            again: setMember(input: {customer: "acme", username: "ann", role: ADMIN}) { __typename } }"""
        )

        assert data["removeMember"] == {"__typename": "RemoveMemberPayload", "changed": True}
        assert data["again"] == {"__typename": "NotFound"}
        assert inside.code("{ currentCustomer { name } }") == "CUSTOMER_NOT_FOUND"

    def test_signing_in_at_a_foreign_view_signs_in_and_shows_nothing(self, world):
        world.stranger.set_password(PASSWORD)
        world.stranger.save()
        browser = GraphQLClient(view="acme")

        answer = browser.mutate(
            "signIn", "viewer { user { username } memberships { role } }", username="gus", password=PASSWORD
        )

        assert answer["viewer"] == {"user": {"username": "gus"}, "memberships": []}
        assert browser.code("{ viewer { __typename } }") == "CUSTOMER_NOT_FOUND"
        assert browser.at(None).data("{ viewer { memberships { customer { slug } } } }")["viewer"]["memberships"]

    @pytest.mark.parametrize("who", ["viewer", "operator"])
    def test_members_are_the_admins_business(self, world, who):
        answer = world.client(who).mutate("setMember", "changed", customer="acme", username="gus", role="ADMIN")

        assert kind(answer) == ("PermissionDenied", "ROLE_TOO_LOW")

    def test_token_is_shown_once_works_and_ends(self, admin):
        expires = timezone.now() + timedelta(days=1)
        made = admin.mutate(
            "createApiToken",
            "token apiToken { id name expiresAt maximumRole onlyCustomer { slug } revokedAt }",
            name="robot",
            onlyCustomer="acme",
            maximumRole="VIEWER",
            expiresAt=expires.isoformat(),
        )
        robot = GraphQLClient(token=made["token"])
        during = robot.data("{ customers { edges { node { slug viewerRole } } } }")
        taken = admin.mutate("createApiToken", "token", name="robot")
        ended = [
            admin.mutate("revokeApiToken", "changed apiToken { revokedAt }", id=made["apiToken"]["id"])
            for _ in range(2)
        ]

        assert made["apiToken"]["onlyCustomer"] == {"slug": "acme"}
        assert made["apiToken"]["maximumRole"] == "VIEWER"
        assert during["customers"]["edges"] == [{"node": {"slug": "acme", "viewerRole": "VIEWER"}}]
        assert kind(taken) == ("InvalidInput", "NAME_TAKEN")
        assert [each["changed"] for each in ended] == [True, False]
        assert robot.code("{ viewer { __typename } }") == "UNAUTHENTICATED"
        assert "token" not in str(admin.data("{ viewer { apiTokens { name revokedAt } } }")).replace("token 0", "")
        assert admin.mutate("createApiToken", "token", name="x", onlyCustomer="globex")["code"] == "CUSTOMER_NOT_FOUND"

    def test_several_mutations_of_one_request_see_each_other(self, platform):
        data = platform.data(
            """mutation {
                one: enablePlugin(input: {plugin: "greeter"}) { ... on EnablePluginPayload { plugin { enabled } } }
                two: enableCustomerPlugin(input: {plugin: "greeter", customer: "acme"}) {
                    ... on EnableCustomerPluginPayload { config { effective } } }
                three: disablePlugin(input: {plugin: "greeter"}) { ... on DisablePluginPayload { plugin { enabled } } }
                four: resetCustomerPlugin(input: {plugin: "greeter", customer: "acme"}) {
                    ... on ResetCustomerPluginPayload { config { ineffectiveCodes } } } }"""
        )

        assert data == {
            "one": {"plugin": {"enabled": True}},
            "two": {"config": {"effective": True}},
            "three": {"plugin": {"enabled": False}},
            "four": {"config": {"ineffectiveCodes": ["DISABLED_GLOBALLY", "NOT_SWITCHED_ON"]}},
        }
