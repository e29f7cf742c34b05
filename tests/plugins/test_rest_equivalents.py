"""What the REST design had, endpoint by endpoint, over GraphQL."""

from __future__ import annotations

import pytest

from tests.api.client import GraphQLClient
from tests.api.plugins import Greeter
from tests.factories import make_customer, make_operator

pytestmark = pytest.mark.django_db(transaction=True)

PLUGIN = {"plugin": "greeter"}
OF_ACME = {"customer": "acme", "plugin": "greeter"}


@pytest.fixture
def client(install) -> GraphQLClient:
    """A platform operator; `greeter` is installed and enabled for everybody, `acme` is a customer."""
    install(Greeter(), enabled=True)
    make_customer("acme")
    return GraphQLClient.of(make_operator())


class TestPlugins:
    def test_sync(self, client):
        found = client.mutate("syncPlugins", "added { name } failed { name } missing { name }", reason="deployment")

        assert found == {"__typename": "SyncPluginsPayload", "added": [], "failed": [], "missing": []}

    def test_list(self, client):
        query = "{ plugins(first: 10) { edges { node { name version status enabled } } pageInfo { hasNextPage } } }"

        page = client.data(query)["plugins"]

        assert page["edges"] == [{"node": {"name": "greeter", "version": "1.2.0", "status": "LOADED", "enabled": True}}]

    def test_get(self, client):
        plugin = client.data('{ plugin(name: "greeter") { verboseName author settingsSchema } }')["plugin"]

        assert (plugin["verboseName"], plugin["author"]) == ("Greeter", "Ada")
        assert plugin["settingsSchema"]["properties"]["greeting"]["default"] == "Hello"

    def test_enable_and_disable(self, client):
        off = client.mutate("disablePlugin", "plugin { enabled } changed", **PLUGIN)
        on = client.mutate("enablePlugin", "plugin { enabled } changed", **PLUGIN)

        assert (off["plugin"]["enabled"], off["changed"]) == (False, True)
        assert (on["plugin"]["enabled"], on["changed"]) == (True, True)

    def test_update_settings(self, client):
        answer = client.mutate("updatePluginSettings", "plugin { settings }", **PLUGIN, settings={"limit": 8})

        assert answer["plugin"] == {"settings": {"limit": 8}}

    def test_health(self, client):
        checked = client.mutate("checkPluginHealth", "health { status }", **PLUGIN)
        read = client.data('{ plugin(name: "greeter") { health { status message } } }')

        assert checked["health"] == {"status": "DEGRADED"}
        assert read["plugin"]["health"] == {"status": "DEGRADED", "message": "Hoarse."}


class TestCustomersConfigs:
    def test_list(self, client):
        query = '{ customer(slug: "acme") { pluginConfigs { edges { node { plugin { name } enabled effective } } } } }'

        configs = client.data(query)["customer"]["pluginConfigs"]["edges"]

        assert configs == [{"node": {"plugin": {"name": "greeter"}, "enabled": None, "effective": False}}]

    def test_get(self, client):
        query = """{ customerPluginConfig(customer: "acme", plugin: "greeter") {
            customer { slug } availability ineffectiveReasons effectiveSettings } }"""

        config = client.data(query)["customerPluginConfig"]

        assert (config["customer"], config["availability"]) == ({"slug": "acme"}, "OFFERED")
        assert config["ineffectiveReasons"] == ["'acme' has not switched 'greeter' on."]
        assert config["effectiveSettings"] == {"greeting": "Hello", "limit": 5}

    def test_enable_and_disable(self, client):
        on = client.mutate("enableCustomerPlugin", "config { enabled effective }", **OF_ACME)
        off = client.mutate("disableCustomerPlugin", "config { enabled effective }", **OF_ACME)

        assert on["config"] == {"enabled": True, "effective": True}
        assert off["config"] == {"enabled": False, "effective": False}

    def test_update_settings(self, client):
        answer = client.mutate(
            "updateCustomerPluginSettings",
            "config { settings settingsRevision }",
            **OF_ACME,
            settings={"greeting": "Hi"},
        )

        assert answer["config"] == {"settings": {"greeting": "Hi"}, "settingsRevision": 1}


class TestAuditLogs:
    def test_list_and_get(self, client):
        client.mutate("enableCustomerPlugin", "changed", **OF_ACME)
        query = '{ pluginAuditLogs(first: 1, filter: {customer: ["acme"]}) { edges { node { id action outcome } } } }'

        (edge,) = client.data(query)["pluginAuditLogs"]["edges"]
        got = client.data(
            "query($id: ID!) { node(id: $id) { id ... on PluginAuditLog { action customer { slug } before after } } }",
            id=edge["node"]["id"],
        )["node"]

        assert (edge["node"]["action"], edge["node"]["outcome"]) == ("enable_customer_plugin", "SUCCEEDED")
        assert got["id"] == edge["node"]["id"]
        assert got["customer"] == {"slug": "acme"}
        assert got["after"]["enabled"] is True
