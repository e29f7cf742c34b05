"""What each mutation of plugins does for everybody, and each refusal it can give."""

from __future__ import annotations

import pytest

from tests.api.mutations.answers import ask, kind
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


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

    def test_enabling_on_by_default_takes_dependencies_along_that_are_offered(self, platform):
        selection = "plugin { availability } changed alsoEnabled { name enabled availability }"
        values = {"plugin": "map", "availability": "DEFAULT_ON"}

        alone = platform.mutate("enablePlugin", selection, **values)
        offered = platform.mutate("enablePlugin", "changed", plugin="inventory")
        still_alone = platform.mutate("enablePlugin", selection, **values)
        together = platform.mutate("enablePlugin", selection, **values, enableDependencies=True)

        assert (alone["code"], offered["changed"]) == ("DEPENDENCY_DISABLED", True)
        assert still_alone["message"].endswith(
            "Enable 'map' with its dependencies, or set the availability of 'inventory' to DEFAULT_ON first."
        )
        assert together["alsoEnabled"] == [{"name": "inventory", "enabled": True, "availability": "DEFAULT_ON"}]
        assert together["changed"] and together["plugin"] == {"availability": "DEFAULT_ON"}

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
        told = "'greeter' is paused, since it failed; it is retried automatically."
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
        of_acme = admin.mutate("checkPluginHealth", selection, plugin="greeter", customer="acme", reason="Hoarse?")
        unavailable = platform.mutate("checkPluginHealth", "__typename", plugin="broken")

        assert of_platform["health"]["status"] == "DEGRADED"
        assert of_platform["health"]["details"] == {"volume": 3}
        assert of_platform["config"] is None
        assert of_acme["config"] == {"customer": {"slug": "acme"}}
        rows = PluginAuditLog.objects.filter(action="check_plugin_health").order_by("position")
        assert [(row.outcome, row.customer_slug, row.reason) for row in rows] == [
            ("succeeded", "", ""),
            ("succeeded", "acme", "Hoarse?"),
            ("refused", "", ""),
        ]
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
