"""What the mutations of settings do to each layer, and each refusal they can give."""

from __future__ import annotations

import pytest

from tests.api.mutations.answers import ask, kind
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


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
