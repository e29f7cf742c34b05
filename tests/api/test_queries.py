"""What each kind of viewer reads."""

from __future__ import annotations

import pytest

from webnet.audit.operation import renew_platform
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING_OF_A_PLUGIN = """
    licence icon keywords homepage documentation support changelog
    id name verboseName version author description status statusReason syncedAt enabled availability
    dependencies { name specifier isSatisfied plugin { name } } dependents { name }
    settingsSchema settings effectiveSettings settingSources { path layer } settingsRevision
    secretSettings { path isSet updatedAt } health { status }
    customerConfigs { totalCount edges { node { id } } } auditLogs { edges { node { action } } }
"""


def test_platform_operator_reads_everything_of_a_plugin(platform):
    platform.mutate("enablePlugin", "changed", plugin="greeter")
    platform.mutate("updatePluginSettings", "changed", plugin="greeter", settings={"limit": 7, "key": "canary"})

    plugin = platform.data(f'{{ plugin(name: "greeter") {{ {EVERYTHING_OF_A_PLUGIN} }} }}')["plugin"]

    assert plugin["version"] == "1.2.0"
    assert plugin["homepage"] == "https://example.com/greeter"
    assert (plugin["documentation"], plugin["changelog"]) == ("https://example.com/greeter/docs", None)
    assert (plugin["support"], plugin["icon"]) == ("mailto:help@example.com", "/static/greeter/icon.svg")
    assert (plugin["licence"], plugin["keywords"]) == ("MIT", ["greeting", "example"])
    assert plugin["status"] == "LOADED"
    assert plugin["availability"] == "OFFERED"
    assert plugin["settings"] == {"limit": 7}
    assert plugin["effectiveSettings"] == {"greeting": "Hello", "limit": 7}
    assert plugin["settingSources"] == [
        {"path": "/greeting", "layer": "SCHEMA_DEFAULT"},
        {"path": "/limit", "layer": "GLOBAL"},
    ]
    (secret,) = plugin["secretSettings"]
    assert (secret["path"], secret["isSet"]) == ("/key", True)
    assert secret["updatedAt"].endswith("Z")
    assert plugin["health"] is None
    assert [edge["node"]["action"] for edge in plugin["auditLogs"]["edges"]] == [
        "update_plugin_settings",
        "enable_plugin",
    ]


def test_a_plugin_says_why_it_is_effective_for_nobody_without_internals_for_its_customers(platform, viewer):
    PluginConfig.objects.filter(name__in=["broken", "map"]).update(enabled=True)
    renew_platform()
    query = "{ plugins { edges { node { name ineffectiveReasons ineffectiveCodes } } } }"

    inside, outside = (
        {edge["node"]["name"]: edge["node"] for edge in who.data(query)["plugins"]["edges"]}
        for who in (platform, viewer)
    )

    assert inside["broken"]["ineffectiveReasons"] == ["'broken' can't run (failed): It raised ImportError."]
    assert inside["broken"]["ineffectiveCodes"] == outside["broken"]["ineffectiveCodes"] == ["NOT_RUNNABLE"]
    assert outside["broken"]["ineffectiveReasons"] == ["'broken' can't run at the moment."]
    assert inside["greeter"]["ineffectiveCodes"] == ["DISABLED_GLOBALLY"]
    assert inside["map"]["ineffectiveReasons"] == ["'map' needs 'inventory', which is not effective for anybody."]
    assert inside["map"]["ineffectiveCodes"] == ["DEPENDENCY_NOT_EFFECTIVE"]
