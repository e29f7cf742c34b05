"""Effective settings are merged once for many answers, and everybody gets theirs nevertheless."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from webnet.api.request.reader import Reading
from webnet.api.resolvers import settings_view
from webnet.api.vocabulary.scalars import CheckedJson, check_serializable
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.schema.merge_patch import merge_layers, share_layers
from webnet.plugins.schema.settings_schema import SettingsSchema
from webnet.plugins.settings import layers

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
EFFECTIVE = '{ customer(slug: "acme") { pluginConfigs { edges { node { plugin { name } effectiveSettings } } } } }'


def effective_of(client: GraphQLClient, plugin: str = "greeter"):
    nodes = [edge["node"] for edge in client.data(EFFECTIVE)["customer"]["pluginConfigs"]["edges"]]
    return next(node["effectiveSettings"] for node in nodes if node["plugin"]["name"] == plugin)


@pytest.fixture
def enabled(world):
    manager.enable("greeter", actor=SYSTEM)
    return world


def test_each_role_sees_its_own_settings_of_the_same_layers(enabled, platform, viewer):
    for _ in range(2):  # merged, and from what was merged
        assert effective_of(platform) == {"greeting": "Hello", "limit": 5}
        assert effective_of(viewer) == {"greeting": "Hello"}


def test_a_change_of_either_layer_is_in_the_next_answer(enabled, platform):
    for limit, greeting in ((7, "Hi"), (7, "Ho"), (8, "Ho"), (8, "Hi")):
        manager.update_settings("greeter", patch={"limit": limit}, actor=SYSTEM)
        manager.update_settings("greeter", patch={"greeting": greeting}, actor=SYSTEM, customer="acme")

        assert effective_of(platform) == {"greeting": greeting, "limit": limit}


def test_numbers_that_are_equal_in_python_alone_stay_what_they_are(enabled, platform):
    """1, 1.0 and true would be one key of a dict."""
    for value in (1, 1.0, True, 0, -0.0, False):
        # As an older version may have stored it.
        PluginConfig.objects.filter(name="greeter").update(settings={"old": value})
        renew_platform()

        assert repr(effective_of(platform)["old"]) == repr(value)


def test_a_value_that_is_older_than_its_mark_as_a_secret_stays_hidden(enabled, platform, viewer):
    PluginConfig.objects.filter(name="greeter").update(settings={"key": "hush"})
    renew_platform()

    assert "key" not in effective_of(platform) and "key" not in effective_of(viewer)


@pytest.mark.parametrize("place", ["properties", "$defs", "additionalProperties", "x-shared"])
def test_a_mark_anywhere_in_a_schema_is_found(place):
    marked = {"type": "string", "writeOnly": True, "x-webnet-scope": "platform"}
    inner = marked if place == "additionalProperties" else {"a": marked}
    schema = SettingsSchema({"type": "object", place: inner})
    bare = SettingsSchema({"type": "object", place: {}})

    assert schema.has_secrets and schema.has_platform_only
    assert not bare.has_secrets and not bare.has_platform_only


def test_what_a_plugin_does_to_its_settings_no_answer_shows(enabled, platform):
    row = PluginConfig.objects.get(name="greeter")
    config = CustomerPluginConfig(settings={"nested": {"list": [1]}})
    expected = effective_of(platform)

    for mine in (layers.effective_settings(row, config), dict(layers.opened(row, config))):
        mine["greeting"] = "mutated"
        mine["nested"]["list"].append(2)

    assert config.settings == {"nested": {"list": [1]}}
    assert effective_of(platform) == expected
    assert layers.defaults_of("greeter") == {"greeting": "Hello", "limit": 5}


def test_a_merge_that_shares_has_the_same_values_and_changes_no_layer():
    lowest, patch = {"a": {"b": [1], "c": None}, "d": 2}, {"a": {"b": [3], "e": {"f": None, "g": 1}}, "d": None}
    before = deepcopy((lowest, patch))

    assert share_layers(lowest, patch) == merge_layers(lowest, patch) == {"a": {"b": [3], "c": None, "e": {"g": 1}}}
    assert (lowest, patch) == before


def test_settings_too_large_to_keep_are_merged_each_time(enabled, platform):
    settings_view._merged.clear()
    manager.update_settings("greeter", patch={"greeting": "Hi"}, actor=SYSTEM)
    PluginConfig.objects.filter(name="greeter").update(settings={"old": "x" * settings_view.LARGEST_SHARED})
    renew_platform()

    assert len(effective_of(platform)["old"]) == len(effective_of(platform)["old"]) == settings_view.LARGEST_SHARED
    assert all(len(key[2]) < settings_view.LARGEST_SHARED for key in settings_view._merged._values)
    kept = [shown for _, state in effective.customers._values.values() for shown in state.derived.values()]
    assert kept and all(len(shown.get("old", "")) < settings_view.LARGEST_SHARED for shown in kept)


@pytest.mark.parametrize("value", [object(), {"a": object()}, [{1, 2}]])
def test_what_is_no_json_still_fails_in_its_field(value):
    with pytest.raises(TypeError):
        check_serializable(lambda given: given)(value)


def test_only_what_the_host_has_checked_is_sent_without_another_look():
    class Derived(CheckedJson):
        """A plugin's own."""

    with pytest.raises(TypeError):
        check_serializable(lambda given: given)(Derived(a=object()))


def test_a_hundred_effective_settings_take_no_statement_of_their_own(enabled, platform):
    effective_of(platform)
    with CaptureQueriesContext(connection) as asked:
        effective_of(platform)

    assert len(asked) == 2


@pytest.fixture
def merges(monkeypatch):
    """How often settings were merged, or at least looked up by their content."""
    done, merge = [], settings_view.ShownSettings.effective

    def count(shown):
        done.append(shown)
        return merge(shown)

    monkeypatch.setattr(settings_view.ShownSettings, "effective", count)
    return done


def test_nothing_is_merged_again_while_the_state_is_the_same(enabled, platform, viewer, merges):
    seen = [effective_of(client) for client in (platform, viewer)]
    merged = len(merges)

    assert [effective_of(client) for client in (platform, viewer)] == seen
    assert len(merges) == merged > 0

    manager.update_settings("greeter", patch={"limit": 8}, actor=SYSTEM)
    assert effective_of(platform)["limit"] == 8
    assert len(merges) > merged


def test_a_plugin_that_is_set_aside_shows_customers_nothing_of_everybodys(enabled, viewer, monkeypatch):
    """Under the same tokens: without its schema nobody knows what is for the platform alone."""
    assert effective_of(viewer) == {"greeting": "Hello"}
    entry = registry.get("greeter")

    monkeypatch.setattr(registry, "_entries", {**registry._entries, entry.module: replace(entry, manifest=None)})

    assert effective_of(viewer) == {}


def test_a_row_that_is_not_of_the_state_is_merged_by_its_own_content(enabled):
    """Such as one that a list has read after somebody has changed it."""
    state = effective.customer_state(Customer.objects.select_related("generation").get(slug="acme"))
    reading = Reading(actor=SYSTEM, platform_token=None)
    reading.remember_state(state)
    kept = state.config("greeter")
    other = CustomerPluginConfig(customer=state.customer, plugin=kept.plugin, settings={"greeting": "Hi"})

    greetings = [settings_view.find_effective(reading, each)["greeting"] for each in (kept, other, kept)]

    assert greetings == ["Hello", "Hi", "Hello"]


def test_rows_of_a_list_are_shown_without_the_states_of_their_customers(enabled, platform):
    manager.update_settings("greeter", patch={"greeting": "Hi"}, actor=SYSTEM, customer="acme")
    effective.customers.clear()

    with CaptureQueriesContext(connection) as asked:
        found = platform.data("{ customerPluginConfigs { edges { node { effectiveSettings } } } }")

    (edge,) = found["customerPluginConfigs"]["edges"]
    assert edge["node"]["effectiveSettings"]["greeting"] == "Hi"
    assert not [query["sql"] for query in asked if "generation_token" in query["sql"]]
