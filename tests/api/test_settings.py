"""Settings over GraphQL: their history, the way back, and what a change of global ones does to customers."""

from __future__ import annotations

import pytest

from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
HISTORY = """settingsHistory(first: 10) { pageInfo { hasNextPage } edges { cursor node {
    revision createdAt actorName user { username } reason changes { path before after isSecret } } } }"""


@pytest.fixture
def greeter(world):
    PluginConfig.objects.update(enabled=True)
    renew_platform()


def global_history(client):
    return client.data('{ plugin(name: "greeter") { ' + HISTORY + " } }")["plugin"]["settingsHistory"]


def customers_history(client):
    query = '{ customerPluginConfig(customer: "acme", plugin: "greeter") { ' + HISTORY + " } }"
    return client.data(query)["customerPluginConfig"]["settingsHistory"]


def test_history_says_who_changed_what_when_and_why(greeter, platform):
    values = {"plugin": "greeter", "reason": "launch"}
    platform.mutate("updatePluginSettings", "changed", **values, settings={"greeting": "Hi", "key": "canary"})
    platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"greeting": "Ho"})

    second, first = [edge["node"] for edge in global_history(platform)["edges"]]

    assert (first["revision"], first["actorName"], first["reason"]) == (1, "platform", "launch")
    assert first["user"] == {"username": "platform"}
    assert first["changes"] == [
        {"path": "/greeting", "before": None, "after": "Hi", "isSecret": False},
        {"path": "/key", "before": None, "after": None, "isSecret": True},
    ]
    assert second["changes"] == [{"path": "/greeting", "before": "Hi", "after": "Ho", "isSecret": False}]


def test_history_is_paged(greeter, platform):
    for greeting in ("a", "b", "c"):
        manager.update_settings("greeter", actor=SYSTEM, patch={"greeting": greeting})
    query = """query($after: String) { plugin(name: "greeter") { settingsHistory(first: 2, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { revision } } } } }"""

    page = platform.data(query)["plugin"]["settingsHistory"]
    rest = platform.data(query, after=page["pageInfo"]["endCursor"])["plugin"]["settingsHistory"]

    assert [edge["node"]["revision"] for edge in page["edges"] + rest["edges"]] == [3, 2, 1]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


def test_the_platforms_history_is_for_platform_operators_and_a_customers_for_its_operators(greeter, world):
    manager.update_settings("greeter", actor=SYSTEM, patch={"greeting": "Hi"})
    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Ahoy"})

    assert global_history(world.client("admin")) is None
    assert customers_history(world.client("viewer")) is None
    for who in ("operator", "admin", "platform"):
        (edge,) = customers_history(world.client(who))["edges"]
        assert edge["node"]["changes"][0]["after"] == "Ahoy"


def test_what_became_the_platforms_or_a_secret_is_not_shown_any_more(greeter, world, install):
    from tests.api.plugins import SCHEMA, Greeter

    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Ahoy"})
    for mark in ({"x-webnet-scope": "platform"}, {"writeOnly": True}):
        marked = {**SCHEMA, "properties": {**SCHEMA["properties"], "greeting": {"type": "string", **mark}}}
        install(type("Newer", (Greeter,), {"get_settings_schema": lambda self, schema=marked: schema})())

        operator = world.client("operator")
        (edge,) = customers_history(operator)["edges"]
        config = operator.data(
            """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
                settings effectiveSettings settingSources { path } } }"""
        )["customerPluginConfig"]

        assert "Ahoy" not in str(edge)
        assert config == {"settings": {}, "effectiveSettings": {}, "settingSources": []}


def test_histories_of_many_customers_and_plugins_are_read_in_few_statements(
    greeter, platform, django_assert_max_num_queries, settings
):
    settings.WEBNET_BUDGET_POINTS_PLATFORM = 10**9
    for slug in ("acme", "globex"):
        for greeting in ("a", "b"):
            manager.update_settings("greeter", actor=SYSTEM, customer=slug, patch={"greeting": greeting})
    configs = "pluginConfigs { edges { node { plugin { name } " + HISTORY + " } } }"
    query = "{ customers { edges { node { slug " + configs + " } } } }"
    platform.data("{ viewer { user { username } } }")

    with django_assert_max_num_queries(12):
        answer = platform.data(query)

    found = {
        (edge["node"]["slug"], config["node"]["plugin"]["name"]): [
            change["node"]["revision"] for change in config["node"]["settingsHistory"]["edges"]
        ]
        for edge in answer["customers"]["edges"]
        for config in edge["node"]["pluginConfigs"]["edges"]
    }
    assert found["acme", "greeter"] == found["globex", "greeter"] == [2, 1]
    assert found["acme", "inventory"] == []


def test_revert_restores_and_says_what_is_not_available(greeter, platform, world):
    for greeting in ("Hi", "Ho"):
        manager.update_settings("greeter", actor=SYSTEM, patch={"greeting": greeting})

    answer = platform.mutate("revertPluginSettings", "changed plugin { settings }", plugin="greeter", revision=1)
    assert answer["plugin"]["settings"] == {"greeting": "Hi"}
    answer = platform.mutate("revertPluginSettings", "changed", plugin="greeter", revision=77)
    assert (answer["__typename"], answer["code"]) == ("RevisionNotAvailable", "REVISION_NOT_AVAILABLE")
    answer = platform.mutate("revertPluginSettings", "changed", plugin="greeter", revision=1, expectedRevision=1)
    assert answer["code"] == "REVISION_CONFLICT"
    answer = world.client("admin").mutate("revertPluginSettings", "changed", plugin="greeter", revision=1)
    assert answer["code"] == "OPERATORS_ONLY"


def test_a_customer_goes_back_to_inheriting_everything(greeter, world):
    operator = world.client("operator")
    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Ahoy", "key": "k"})

    answer = operator.mutate(
        "revertCustomerPluginSettings",
        "changed config { settings effectiveSettings secretSettings { isSet } settingsRevision }",
        customer="acme",
        plugin="greeter",
        revision=0,
    )

    assert answer["config"] == {
        "settings": {},
        "effectiveSettings": {"greeting": "Hello"},
        "secretSettings": [{"isSet": False}],
        "settingsRevision": 2,
    }
    foreign = world.client("stranger").mutate(
        "revertCustomerPluginSettings", "changed", customer="acme", plugin="greeter", revision=0
    )
    assert foreign["code"] == "CUSTOMER_NOT_FOUND"


def test_a_global_change_names_the_customers_that_it_would_break_and_can_be_allowed(world, platform, install):
    from tests.plugins.test_settings_faults import Boxes

    install(Boxes(), enabled=True)
    manager.update_settings("boxes", actor=SYSTEM, customer="acme", patch={"size": 11})
    change = {"plugin": "boxes", "settings": {"mode": "small"}}
    query = """mutation($input: UpdatePluginSettingsInput!) { updatePluginSettings(input: $input) {
        __typename ... on InvalidSettings { code customers customerCount issues { path message } } } }"""

    refused = platform.data(query, input=change)["updatePluginSettings"]
    allowed = platform.data(query, input={**change, "allowInvalid": True})["updatePluginSettings"]

    assert refused == {
        "__typename": "InvalidSettings",
        "code": "INVALID_SETTINGS",
        "customers": ["acme"],
        "customerCount": 1,
        "issues": [{"path": "/size", "message": "must be 10 or less"}],
    }
    assert allowed["__typename"] == "UpdatePluginSettingsPayload"
    config = platform.data(
        '{ customerPluginConfig(customer: "acme", plugin: "boxes") { effective ineffectiveCodes } }'
    )["customerPluginConfig"]
    assert "INVALID_SETTINGS" in config["ineffectiveCodes"]


def test_without_its_schema_a_plugins_global_values_are_not_shown_to_customers(greeter, world, registered):
    manager.update_settings("greeter", actor=SYSTEM, patch={"limit": 9})
    manager.update_settings("greeter", actor=SYSTEM, customer="acme", patch={"greeting": "Ahoy"})
    registered()

    config = world.client("admin").data(
        """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
            effectiveSettings settingSources { path layer } } }"""
    )["customerPluginConfig"]

    assert config == {
        "effectiveSettings": {"greeting": "Ahoy"},
        "settingSources": [{"path": "/greeting", "layer": "CUSTOMER"}],
    }


def test_a_client_can_draw_a_form_from_the_schema(world, platform, install):
    from tests.plugins.form_plugin import Form

    install(Form(), enabled=True)
    query = '{ plugin(name: "form") { settingsSchema platformOnlySettings } }'

    plugin = platform.data(query)["plugin"]
    schema = plugin["settingsSchema"]

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert list(schema["properties"]) == ["zone", "mode", "account", "internal"]
    assert schema["properties"]["zone"]["title"] == "Zone"
    assert schema["properties"]["mode"]["oneOf"][1] == {"const": "fast", "title": "As fast as can be"}
    password = {"type": "string", "writeOnly": True, "format": "password"}
    assert schema["$defs"]["account"]["properties"]["password"] == password
    # Strict validators would refuse the mark, so its paths are in a field of their own.
    assert schema["properties"]["internal"] == {"type": "integer", "default": 1}
    assert plugin["platformOnlySettings"] == ["/internal"]
    of_admin = world.client("admin").data(query)["plugin"]
    assert of_admin["platformOnlySettings"] is None
    of_admin = of_admin["settingsSchema"]
    assert list(of_admin["properties"]) == ["zone", "mode", "account"]
    assert of_admin["$defs"]["account"]["properties"]["password"] == password
    assert "internal" not in str(of_admin)
