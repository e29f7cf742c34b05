"""What `pluginSettingsPlan` says is what the update then does, and nothing is changed by asking."""

from __future__ import annotations

import pytest

from tests.api.mutations.answers import ask
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
QUERY = """query($plugin: String!, $customer: String, $settings: JSON!, $revision: Int, $allow: Boolean! = false) {
    pluginSettingsPlan(plugin: $plugin, customer: $customer, settings: $settings, expectedRevision: $revision,
            allowInvalid: $allow) {
        plugin { name } customer { slug } currentRevision changes { path before after isSecret }
        refusal { __typename code message ... on InvalidSettings { issues { path message } customers customerCount }
            ... on Conflict { currentRevision } ... on PermissionDenied { requiredRole } } } }"""


@pytest.fixture(autouse=True)
def _greeter_is_enabled(world):
    manager.enable("greeter", actor=SYSTEM)


def plan(client, settings, **variables):
    return client.data(QUERY, plugin="greeter", settings=settings, **variables)["pluginSettingsPlan"]


def stored():
    """All that a change writes."""
    return (
        list(PluginConfig.objects.values_list("name", "settings", "secrets", "settings_revision", "settings_fault")),
        list(CustomerPluginConfig.objects.values_list("pk", "settings", "secrets", "settings_revision")),
        PluginAuditLog.objects.count(),
    )


def test_a_plan_names_the_changes_and_makes_none(admin):
    before = stored()

    found = plan(admin, {"greeting": "Hi", "key": "canary"}, customer="acme")

    assert stored() == before
    assert found == {
        "plugin": {"name": "greeter"},
        "customer": {"slug": "acme"},
        "currentRevision": 0,
        "changes": [
            {"path": "/greeting", "before": None, "after": "Hi", "isSecret": False},
            {"path": "/key", "before": None, "after": None, "isSecret": True},
        ],
        "refusal": None,
    }


def test_a_plan_for_everybody_is_the_change_that_is_then_made(platform):
    planned = plan(platform, {"greeting": "Hey", "limit": 6}, revision=0)

    platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"greeting": "Hey", "limit": 6})
    history = '{ plugin(name: "greeter") { settingsHistory { nodes { changes { path before after isSecret } } } } }'
    assert planned["changes"] == platform.data(history)["plugin"]["settingsHistory"]["nodes"][0]["changes"]


@pytest.mark.parametrize("patch", [{"greeting": "canary " * 10, "limit": 0, "typo": 1}, []])
def test_a_plan_is_refused_as_the_update_is(platform, patch):
    before = stored()

    planned = plan(platform, patch)["refusal"]

    selection = "... on InvalidSettings { issues { path message } }"
    made = ask(platform, "updatePluginSettings", selection, plugin="greeter", settings=patch)
    assert planned["code"] == made["code"] == "INVALID_SETTINGS"
    assert planned["issues"] == made["issues"]
    assert stored()[:2] == before[:2]
    assert "canary" not in str(planned)


def test_a_plan_over_another_revision_is_a_conflict(admin):
    assert plan(admin, {"greeting": "Hi"}, customer="acme", revision=3)["refusal"] == {
        "__typename": "Conflict",
        "code": "REVISION_CONFLICT",
        "message": "The settings of 'greeter' are at revision 0, not 3; read them again.",
        "currentRevision": 0,
    }


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_who_may_not_change_settings_may_not_plan_it(viewer, stranger, role):
    refusal = plan(viewer if role == "viewer" else stranger, {}, customer="acme")["refusal"]

    assert refusal["code"] == ("ROLE_TOO_LOW" if role == "viewer" else "CUSTOMER_NOT_FOUND")


def test_a_platform_only_setting_is_refused_and_not_shown(admin):
    found = plan(admin, {"limit": 7, "greeting": "Hi"}, customer="acme")

    assert "/limit" not in [change["path"] for change in found["changes"]]
    assert [issue["path"] for issue in found["refusal"]["issues"]] == ["/limit"]


def test_what_is_inherited_is_shown_below_what_is_set(platform, admin):
    platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"greeting": "Hey"})
    admin.mutate(
        "updateCustomerPluginSettings", "changed", customer="acme", plugin="greeter", settings={"greeting": "Hi"}
    )
    query = """{ plugin(name: "greeter") { inheritedSettings }
        customerPluginConfig(customer: "acme", plugin: "greeter") { inheritedSettings effectiveSettings } }"""

    found, seen = platform.data(query), admin.data(query)

    assert found["plugin"]["inheritedSettings"]["greeting"] != "Hey"
    assert found["customerPluginConfig"]["inheritedSettings"]["greeting"] == "Hey"
    assert found["customerPluginConfig"]["effectiveSettings"]["greeting"] == "Hi"
    assert seen["plugin"]["inheritedSettings"] is None
    assert "limit" not in seen["customerPluginConfig"]["inheritedSettings"]


REVERT = """query($customer: String, $revision: Int!, $expected: Int) {
    pluginSettingsRevertPlan(plugin: "greeter", customer: $customer, revision: $revision, expectedRevision: $expected) {
        currentRevision changes { path before after isSecret } refusal { code } } }"""


def plan_revert(client, revision, **variables):
    return client.data(REVERT, revision=revision, **variables)["pluginSettingsRevertPlan"]


def change(client, **settings):
    client.mutate("updateCustomerPluginSettings", "changed", customer="acme", plugin="greeter", settings=settings)


@pytest.mark.parametrize("revision", [0, 1])
def test_a_plan_to_go_back_is_the_change_that_is_then_made(admin, revision):
    change(admin, greeting="Hi", key="canary")
    change(admin, greeting="Hey")
    before = stored()

    planned = plan_revert(admin, revision, customer="acme", expected=2)

    assert stored() == before
    assert (planned["currentRevision"], planned["refusal"]) == (2, None)
    assert [each["path"] for each in planned["changes"]] == ["/greeting", "/key"][: 2 - revision]
    admin.mutate("revertCustomerPluginSettings", "changed", customer="acme", plugin="greeter", revision=revision)
    history = """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
        settingsHistory(first: 1) { nodes { changes { path before after isSecret } } } } }"""
    made = admin.data(history)["customerPluginConfig"]["settingsHistory"]["nodes"][0]["changes"]
    assert planned["changes"] == made


def test_a_plan_to_go_back_is_refused_as_going_back_is(admin, viewer, platform):
    change(admin, greeting="Hi")

    codes = [
        plan_revert(client, revision, customer=customer, expected=expected)["refusal"]["code"]
        for client, revision, customer, expected in (
            (admin, 7, "acme", None),
            (admin, 0, "acme", 3),
            (viewer, 0, "acme", None),
            (admin, 0, None, None),
            (platform, 7, None, None),
        )
    ]

    assert codes == [
        "REVISION_NOT_AVAILABLE",
        "REVISION_CONFLICT",
        "ROLE_TOO_LOW",
        "OPERATORS_ONLY",
        "REVISION_NOT_AVAILABLE",
    ]
