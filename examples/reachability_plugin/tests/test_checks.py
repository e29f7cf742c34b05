"""Reachability as its customers use it, against real sockets of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from reachability.models import Check
from reachability.plugin import Plugin

from webnet.sdk.models import Customer
from webnet.sdk.testing import (
    MakeClient,
    MakeCustomer,
    MakeHookContext,
    SetSettings,
    SwitchPlugin,
    WebnetClient,
    assert_no_leaks,
    assert_statements_do_not_grow,
    assert_vanishes_when_disabled,
)

RESULTS = "results { device { name } outcome latencyMilliseconds }"
LIST = "{ devices { edges { node { name reachability { outcome device { name } } } } } }"


@pytest.fixture(autouse=True)
def enabled(enable_plugin: SwitchPlugin) -> None:
    """Acme has the plugin, and what it needs."""
    enable_plugin("reachability")


@pytest.fixture
def viewer(make_webnet_client: MakeClient) -> WebnetClient:
    """A viewer of Acme."""
    return make_webnet_client("viewer")


@pytest.fixture
def globex(make_webnet_customer: MakeCustomer) -> Customer:
    """Another customer."""
    return make_webnet_customer("globex")


@pytest.fixture
def foreign(make_webnet_client: MakeClient, globex: Customer) -> WebnetClient:
    """An admin of Globex."""
    return make_webnet_client("admin", globex)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def reachable(webnet_settings: SetSettings, port: int) -> None:
    """This machine may be asked, at the port that answers."""
    webnet_settings("reachability", port=port, blocked_networks=[])


def create_device(client: WebnetClient, name: str, host: str = "127.0.0.1", **values: Any) -> str:
    return client.mutate("createDevice", "device { id }", name=name, host=host, **values)["device"]["id"]


def check(client: WebnetClient, **values: Any) -> dict[str, Any]:
    return client.mutate("checkReachability", RESULTS, **values)


def outcomes(done: dict[str, Any]) -> dict[str, str]:
    return {each["device"]["name"]: each["outcome"] for each in done["results"]}


@pytest.mark.usefixtures("reachable")
def test_devices_are_checked_and_the_last_check_is_kept(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    create_device(webnet_client, "core-1")
    create_device(webnet_client, "no-host", host="")
    create_device(webnet_client, "retired", status="RETIRED")

    first, second = check(webnet_client), check(webnet_client)

    assert outcomes(first) == outcomes(second) == {"core-1": "REACHABLE", "no-host": "UNKNOWN_HOST"}
    assert first["results"][0]["latencyMilliseconds"] > 0
    assert Check.objects.count() == 2
    assert [each["node"]["reachability"] for each in viewer.query(LIST)["devices"]["edges"]] == [
        {"outcome": "REACHABLE", "device": {"name": "core-1"}},
        {"outcome": "UNKNOWN_HOST", "device": {"name": "no-host"}},
        None,
    ]


def test_a_token_is_sealed_used_and_never_shown(
    webnet_client: WebnetClient, viewer: WebnetClient, webnet_settings: SetSettings, health_server: Any
) -> None:
    webnet_settings("reachability", blocked_networks=[], protocol="https", port=health_server.port)
    create_device(webnet_client, "core-1")
    history = "settingsHistory { edges { node { changes { after } } } }"
    shown = f"config {{ settings effectiveSettings secretSettings {{ path isSet }} {history} }}"
    before = check(webnet_client)

    changed = webnet_client.mutate(
        "updateCustomerPluginSettings",
        shown,
        customer="acme",
        plugin="reachability",
        settings={"tokens": {"127.0.0.1": health_server.token}},
    )["config"]
    after = check(webnet_client)

    assert (outcomes(before), outcomes(after)) == ({"core-1": "UNAUTHORIZED"}, {"core-1": "REACHABLE"})
    assert [authorization for _, _, authorization in health_server.requests] == [None, f"Bearer {health_server.token}"]
    assert changed["secretSettings"] == [{"path": "/tokens/127.0.0.1", "isSet": True}]
    stored = apps.get_model("plugins", "CustomerPluginConfig").objects.values("settings", "secrets")
    page = viewer.get_page("reachability").content.decode()
    assert "/tokens/127.0.0.1" in repr(list(stored))
    assert health_server.token not in repr([changed, after, list(stored), page])


def test_this_machine_is_blocked_unless_the_operator_says_otherwise(webnet_client: WebnetClient) -> None:
    create_device(webnet_client, "core-1")

    assert outcomes(check(webnet_client)) == {"core-1": "BLOCKED"}


@pytest.mark.usefixtures("reachable")
def test_only_named_devices_of_the_customer_are_checked(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    first = create_device(webnet_client, "core-1")
    create_device(webnet_client, "core-2")
    enable_plugin("reachability", customer=globex)

    assert outcomes(check(webnet_client, devices=[first, first])) == {"core-1": "REACHABLE"}
    assert foreign.mutate("checkReachability", RESULTS, devices=[first])["code"] == "ROW_NOT_FOUND"
    assert foreign.mutate("checkReachability", RESULTS)["results"] == []
    assert check(webnet_client, devices=[first] * 101)["code"] == "INVALID_INPUT"


def test_viewers_may_not_check(viewer: WebnetClient) -> None:
    assert viewer.mutate("checkReachability", RESULTS)["code"] == "PERMISSION_MISSING"


@pytest.mark.usefixtures("reachable")
def test_sql_does_not_grow_with_devices(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    create_device(webnet_client, "core-0")
    check(webnet_client)

    def add_rows() -> None:
        for index in range(1, 5):
            create_device(webnet_client, f"core-{index}")
        check(webnet_client)

    assert_statements_do_not_grow(viewer, LIST, add_rows=add_rows)


def test_the_page_the_widget_and_the_health_are_the_customers_own(
    webnet_client: WebnetClient,
    viewer: WebnetClient,
    webnet_customer: Customer,
    globex: Customer,
    hook_context: MakeHookContext,
) -> None:
    create_device(webnet_client, "a<script>", host="")
    check(webnet_client)
    here, there = (hook_context("reachability", customer=each) for each in (webnet_customer, globex))

    page = viewer.get_page("reachability").content.decode()

    assert "a&lt;script&gt;" in page and "a<script>" not in page
    assert [Plugin().count_outcomes(each) for each in (here, there)] == [{"unknown_host": 1}, {}]
    assert [Plugin().health_check(each).status for each in (here, there)] == ["degraded", "healthy"]


def test_nothing_leaks(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    enable_plugin("reachability", customer=globex)
    for client in (webnet_client, foreign):
        create_device(client, "core-1", host="")
        check(client)

    assert_no_leaks("reachability", mine=webnet_client, theirs=foreign)


def test_disabled_it_is_gone(viewer: WebnetClient) -> None:
    assert_vanishes_when_disabled("reachability", client=viewer)
