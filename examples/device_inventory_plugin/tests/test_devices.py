"""The device inventory as its customers use it: over HTTP, with the rows of one of them only."""

from __future__ import annotations

from typing import Any

import pytest
from device_inventory.models import Device
from device_inventory.plugin import Plugin

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

LIST = "{ devices { edges { node { name interfaces { edges { node { name device { name } } } } } } } }"
LOG = """{ pluginAuditLogs(filter: {action: ["create_device", "update_device"]}) {
    edges { node { action before after } } } }"""
IMPORTED = "changed createdCount updatedCount errors { line column message }"


@pytest.fixture(autouse=True)
def enabled(enable_plugin: SwitchPlugin) -> None:
    """Acme has the plugin."""
    enable_plugin("device_inventory")


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


def create(client: WebnetClient, name: str, **values: Any) -> str:
    return client.mutate("createDevice", "device { id }", name=name, **values)["device"]["id"]


def test_a_device_is_made_with_its_interfaces_changed_and_deleted(
    webnet_client: WebnetClient, viewer: WebnetClient
) -> None:
    device = create(webnet_client, "core-1", interfaces=[{"name": "eth0", "address": "192.0.2.1"}])

    changed = webnet_client.mutate(
        "updateDevice", "changed device { host status }", id=device, host="a.example", interfaces=[{"name": "eth1"}]
    )
    again = webnet_client.mutate("updateDevice", "changed", id=device, host="a.example", interfaces=[{"name": "eth1"}])
    shown = viewer.query(LIST)["devices"]["edges"]
    deleted = [webnet_client.mutate("deleteDevice", "changed deletedDeviceId", id=device) for _ in range(2)]

    assert changed["changed"] and changed["device"] == {"host": "a.example", "status": "ACTIVE"}
    assert not again["changed"]
    assert shown == [
        {
            "node": {
                "name": "core-1",
                "interfaces": {"edges": [{"node": {"name": "eth1", "device": {"name": "core-1"}}}]},
            }
        }
    ]
    assert deleted == [
        {"__typename": "DeleteDevicePayload", "changed": changed, "deletedDeviceId": device}
        for changed in (True, False)
    ]


def test_each_change_is_in_the_customers_audit_log_and_what_changed_nothing_is_not(webnet_client: WebnetClient) -> None:
    device = create(webnet_client, "core-1")
    for _ in range(2):
        webnet_client.mutate("updateDevice", "changed", id=device, status="OFFLINE")

    log = webnet_client.query(LOG)["pluginAuditLogs"]["edges"]

    assert [edge["node"]["action"] for edge in log] == ["update_device", "create_device"]
    assert log[0]["node"]["before"]["status"] == "active" and log[0]["node"]["after"]["status"] == "offline"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": "core-1"}, "NAME_TAKEN"),
        ({"name": "a\nb"}, "INVALID_INPUT"),
        ({"name": ""}, "INVALID_INPUT"),
        ({"name": "x", "host": "a b"}, "INVALID_INPUT"),
        ({"name": "x", "interfaces": [{"name": "e", "address": "300.0.0.1"}]}, "INVALID_INPUT"),
        ({"name": "x", "interfaces": [{"name": "e"}, {"name": "e"}]}, "INVALID_INPUT"),
    ],
)
def test_what_is_no_device_is_refused_whole(webnet_client: WebnetClient, values: dict[str, Any], code: str) -> None:
    create(webnet_client, "core-1")

    refused = webnet_client.mutate("createDevice", "device { id }", **values)

    assert (refused["__typename"], refused["code"]) == ("InvalidInput", code)
    assert Device.objects.count() == 1


def test_all_that_is_wrong_is_refused_at_once(webnet_client: WebnetClient) -> None:
    values = {
        "name": "a\nb",
        "host": "a b",
        "interfaces": [{"name": "eth0"}, {"name": "", "address": "10.0.0.1"}, {"name": "eth2", "address": "300.0.0.1"}],
    }
    mutation = """mutation($input: CreateDeviceInput!) { createDevice(input: $input) {
        ... on InvalidInput { faults { path code } } } }"""

    faults = webnet_client.query(mutation, input=values)["createDevice"]["faults"]

    assert [(fault["path"], fault["code"]) for fault in faults] == [
        (["input", "name"], "INVALID_INPUT"),
        (["input", "host"], "INVALID_INPUT"),
        (["input", "interfaces", "1", "name"], "BLANK"),
        (["input", "interfaces", "2", "address"], "INVALID_INPUT"),
    ]


def test_filters_and_orders(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    for name, status in (("b", "ACTIVE"), ("a", "OFFLINE"), ("other", "PLANNED")):
        create(webnet_client, name, status=status, host=f"{name}.example")

    def names(arguments: str) -> list[str]:
        edges = viewer.query(f"{{ devices{arguments} {{ edges {{ node {{ name }} }} }} }}")["devices"]["edges"]
        return [edge["node"]["name"] for edge in edges]

    assert names("(order: [{ field: NAME, direction: DESC }])") == ["other", "b", "a"]
    assert names("(filter: { status: [ACTIVE, OFFLINE] }, order: [{ field: NAME }])") == ["a", "b"]
    assert names('(filter: { search: "B.EXAMPLE" })') == ["b"]
    assert names('(filter: { name: ["other"] })') == ["other"]
    assert names("(first: 1, order: [{ field: NAME }])") == ["a"]


def test_viewers_see_and_do_not_change(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    create(webnet_client, "core-1")

    refused = viewer.mutate("createDevice", "device { id }", name="x")

    assert refused["code"] == "PERMISSION_MISSING"
    assert viewer.query("{ currentCustomer { deviceCount } }") == {"currentCustomer": {"deviceCount": 1}}


def test_another_customer_has_neither_the_schema_nor_the_rows(
    webnet_client: WebnetClient, foreign: WebnetClient
) -> None:
    device = create(webnet_client, "core-1")

    assert foreign.error_code("{ devices { totalCount } }") == "GRAPHQL_VALIDATION_FAILED"
    assert foreign.query(f'{{ node(id: "{device}") {{ id }} }}') == {"node": None}


def test_a_customer_with_the_plugin_sees_and_changes_only_its_own(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    device = create(webnet_client, "core-1")
    enable_plugin("device_inventory", customer=globex)

    assert foreign.query("{ devices { totalCount } currentCustomer { deviceCount } }") == {
        "devices": {"totalCount": 0},
        "currentCustomer": {"deviceCount": 0},
    }
    assert foreign.query(f'{{ device(id: "{device}") {{ name }} node(id: "{device}") {{ id }} }}') == {
        "device": None,
        "node": None,
    }
    assert foreign.mutate("updateDevice", "changed", id=device, name="mine")["code"] == "ROW_NOT_FOUND"
    assert foreign.mutate("deleteDevice", "changed", id=device)["changed"] is False
    assert foreign.mutate("createDevice", "device { name }", name="core-1")["__typename"] == "CreateDevicePayload"


def test_an_import_makes_and_changes_all_rows(webnet_client: WebnetClient) -> None:
    create(webnet_client, "core-1")

    first = webnet_client.mutate("importDevices", IMPORTED, csv="name,status\ncore-1,retired\nedge-1,\n")
    again = webnet_client.mutate("importDevices", IMPORTED, csv="name,status\ncore-1,retired\nedge-1,\n")

    assert (first["changed"], first["createdCount"], first["updatedCount"]) == (True, 1, 1)
    assert (again["changed"], again["createdCount"], again["updatedCount"]) == (False, 0, 0)


def test_an_import_with_an_error_writes_nothing(webnet_client: WebnetClient) -> None:
    done = webnet_client.mutate("importDevices", IMPORTED, csv="name,status\nedge-1,\nedge-2,lost\n")

    assert [(error["line"], error["column"]) for error in done["errors"]] == [(3, "status")]
    assert not done["changed"] and Device.objects.count() == 0


def test_limits_of_the_settings_hold(webnet_client: WebnetClient, webnet_settings: SetSettings) -> None:
    webnet_settings("device_inventory", maximum_devices=2, maximum_import_rows=3)
    create(webnet_client, "core-1")

    rows = webnet_client.mutate("importDevices", IMPORTED, csv="name\na\nb\nc\nd\n")
    devices = webnet_client.mutate("importDevices", IMPORTED, csv="name\na\nb\n")
    create(webnet_client, "core-2")
    one = webnet_client.mutate("createDevice", "device { id }", name="core-3")

    assert [error["line"] for error in rows["errors"]] == [5]
    assert devices["code"] == one["code"] == "INVALID_INPUT"
    assert Device.objects.count() == 2


def test_sql_does_not_grow_with_rows(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    create(webnet_client, "core-0", interfaces=[{"name": "a"}])

    def add_rows() -> None:
        for index in range(1, 5):
            create(webnet_client, f"core-{index}", interfaces=[{"name": "a"}, {"name": "b"}])

    assert_statements_do_not_grow(viewer, LIST, add_rows=add_rows)


def test_the_page_is_escaped_paged_and_the_customers_own(
    viewer: WebnetClient, webnet_customer: Customer, globex: Customer
) -> None:
    Device.objects.create(customer=globex, name="foreign")
    Device.objects.bulk_create(Device(customer=webnet_customer, name=f"core-{n:02}") for n in range(26))
    Device.objects.create(customer=webnet_customer, name="a<script>")

    first, second, found = (
        viewer.get_page("device_inventory", **parameters).content.decode()
        for parameters in ({}, {"page": 2}, {"search": "a<script>", "status": "active"})
    )

    assert "a&lt;script&gt;" in first and "a<script>" not in first + found
    assert "27 devices, page 1 of 2" in first and "core-25" in second and "core-00" not in second
    assert "foreign" not in first + second and "1 device, page 1 of 1" in found


def test_the_widget_counts_by_status_and_health_is_degraded_when_nearly_full(
    webnet_customer: Customer, globex: Customer, hook_context: MakeHookContext, webnet_settings: SetSettings
) -> None:
    Device.objects.create(customer=globex, name="foreign")
    Device.objects.create(customer=webnet_customer, name="core-1", status="offline")
    roomy = hook_context("device_inventory", customer=webnet_customer)
    webnet_settings("device_inventory", maximum_devices=1)
    full = hook_context("device_inventory", customer=webnet_customer)

    assert Plugin().count_by_status(full) == {"planned": 0, "active": 0, "offline": 1, "retired": 0}
    assert [Plugin().health_check(each).status for each in (full, roomy)] == ["degraded", "healthy"]


def test_nothing_leaks(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    enable_plugin("device_inventory", customer=globex)
    for client, name in ((webnet_client, "core-of-acme"), (foreign, "core-of-globex")):
        create(client, name, interfaces=[{"name": f"eth-{name}"}])

    assert_no_leaks("device_inventory", mine=webnet_client, theirs=foreign)


def test_disabled_it_is_gone(viewer: WebnetClient) -> None:
    assert_vanishes_when_disabled("device_inventory", client=viewer)
