"""The device inventory as its customers use it: over HTTP, with the rows of one of them only."""

from __future__ import annotations

from typing import Any

import pytest
from device_inventory.models import Device
from device_inventory.plugin import Plugin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.examples.conftest import World
from webnet.plugins.base import HookContext
from webnet.plugins.models import PluginAuditLog

pytestmark = pytest.mark.django_db
LIST = "{ devices { edges { node { name interfaces { edges { node { name device { name } } } } } } } }"
IMPORTED = "changed createdCount updatedCount errors { line column message }"


@pytest.fixture
def world(make_world: Any) -> World:
    return make_world("device_inventory")


def create(world: World, name: str, **values: Any) -> str:
    return world.operator.mutate("createDevice", "device { id }", name=name, **values)["device"]["id"]


def test_a_device_is_made_with_its_interfaces_changed_and_deleted(world: World) -> None:
    device = create(world, "core-1", interfaces=[{"name": "eth0", "address": "192.0.2.1"}])

    changed = world.operator.mutate(
        "updateDevice", "changed device { host status }", id=device, host="a.example", interfaces=[{"name": "eth1"}]
    )
    again = world.operator.mutate("updateDevice", "changed", id=device, host="a.example", interfaces=[{"name": "eth1"}])
    shown = world.viewer.data(LIST)["devices"]["edges"]
    deleted = [world.operator.mutate("deleteDevice", "changed", id=device)["changed"] for _ in range(2)]

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
    assert deleted == [True, False]


def test_each_change_is_in_the_customers_audit_log_and_what_changed_nothing_is_not(world: World) -> None:
    device = create(world, "core-1")
    for _ in range(2):
        world.operator.mutate("updateDevice", "changed", id=device, status="OFFLINE")

    rows = list(PluginAuditLog.objects.filter(action__endswith="_device", customer_slug="acme").order_by("position"))

    assert [row.action for row in rows] == ["create_device", "update_device"]
    assert rows[1].before["status"] == "active" and rows[1].after["status"] == "offline"


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
def test_what_is_no_device_is_refused_whole(world: World, values: dict[str, Any], code: str) -> None:
    create(world, "core-1")

    refused = world.operator.mutate("createDevice", "device { id }", **values)

    assert (refused["__typename"], refused["code"]) == ("InvalidInput", code)
    assert Device.objects.count() == 1


def test_filters_and_orders(world: World) -> None:
    for name, status in (("b", "ACTIVE"), ("a", "OFFLINE"), ("other", "PLANNED")):
        create(world, name, status=status, host=f"{name}.example")

    def names(arguments: str) -> list[str]:
        edges = world.viewer.data(f"{{ devices{arguments} {{ edges {{ node {{ name }} }} }} }}")["devices"]["edges"]
        return [edge["node"]["name"] for edge in edges]

    assert names("(order: [{ field: NAME, direction: DESC }])") == ["other", "b", "a"]
    assert names("(filter: { status: [ACTIVE, OFFLINE] }, order: [{ field: NAME }])") == ["a", "b"]
    assert names('(filter: { search: "B.EXAMPLE" })') == ["b"]
    assert names('(filter: { name: ["other"] })') == ["other"]
    assert names("(first: 1, order: [{ field: NAME }])") == ["a"]


def test_viewers_see_and_do_not_change(world: World) -> None:
    create(world, "core-1")

    refused = world.viewer.mutate("createDevice", "device { id }", name="x")

    assert refused["code"] == "PERMISSION_MISSING"
    assert world.viewer.data("{ currentCustomer { deviceCount } }") == {"currentCustomer": {"deviceCount": 1}}


def test_another_customer_has_neither_the_schema_nor_the_rows(world: World) -> None:
    device = create(world, "core-1")

    assert world.foreign.code("{ devices { totalCount } }") == "GRAPHQL_VALIDATION_FAILED"
    assert world.foreign.data(f'{{ node(id: "{device}") {{ id }} }}') == {"node": None}


def test_a_customer_with_the_plugin_sees_and_changes_only_its_own(world: World) -> None:
    device = create(world, "core-1")
    world.enable("device_inventory", world.globex)

    assert world.foreign.data("{ devices { totalCount } currentCustomer { deviceCount } }") == {
        "devices": {"totalCount": 0},
        "currentCustomer": {"deviceCount": 0},
    }
    assert world.foreign.data(f'{{ device(id: "{device}") {{ name }} node(id: "{device}") {{ id }} }}') == {
        "device": None,
        "node": None,
    }
    assert world.foreign.mutate("updateDevice", "changed", id=device, name="mine")["code"] == "ROW_NOT_FOUND"
    assert world.foreign.mutate("deleteDevice", "changed", id=device)["changed"] is False
    assert world.foreign.mutate("createDevice", "device { name }", name="core-1")["__typename"] == "CreateDevicePayload"


def test_an_import_makes_and_changes_all_rows(world: World) -> None:
    create(world, "core-1")

    first = world.operator.mutate("importDevices", IMPORTED, csv="name,status\ncore-1,retired\nedge-1,\n")
    again = world.operator.mutate("importDevices", IMPORTED, csv="name,status\ncore-1,retired\nedge-1,\n")

    assert (first["changed"], first["createdCount"], first["updatedCount"]) == (True, 1, 1)
    assert (again["changed"], again["createdCount"], again["updatedCount"]) == (False, 0, 0)


def test_an_import_with_an_error_writes_nothing(world: World) -> None:
    done = world.operator.mutate("importDevices", IMPORTED, csv="name,status\nedge-1,\nedge-2,lost\n")

    assert [(error["line"], error["column"]) for error in done["errors"]] == [(3, "status")]
    assert not done["changed"] and Device.objects.count() == 0


def test_limits_of_the_settings_hold(world: World) -> None:
    world.set_globally("device_inventory", maximum_devices=2, maximum_import_rows=3)
    create(world, "core-1")

    rows = world.operator.mutate("importDevices", IMPORTED, csv="name\na\nb\nc\nd\n")
    devices = world.operator.mutate("importDevices", IMPORTED, csv="name\na\nb\n")
    create(world, "core-2")
    one = world.operator.mutate("createDevice", "device { id }", name="core-3")

    assert [error["line"] for error in rows["errors"]] == [5]
    assert devices["code"] == one["code"] == "INVALID_INPUT"
    assert Device.objects.count() == 2


def test_sql_does_not_grow_with_rows(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            world.viewer.data(LIST)
        return len(queries)

    create(world, "core-0", interfaces=[{"name": "a"}])
    count()
    with_one = count()
    for index in range(1, 5):
        create(world, f"core-{index}", interfaces=[{"name": "a"}, {"name": "b"}])

    assert count() == with_one


def test_the_page_is_escaped_paged_and_the_customers_own(world: World, client: Client) -> None:
    Device.objects.create(customer=world.globex, name="foreign")
    Device.objects.bulk_create(Device(customer=world.acme, name=f"core-{n:02}") for n in range(26))
    Device.objects.create(customer=world.acme, name="a<script>")
    client.force_login(world.viewer_user)
    page = "/c/acme/plugins/device_inventory/"

    first, second = client.get(page).content.decode(), client.get(page, {"page": 2}).content.decode()
    found = client.get(page, {"search": "a<script>", "status": "active"}).content.decode()

    assert "a&lt;script&gt;" in first and "a<script>" not in first + found
    assert "27 devices, page 1 of 2" in first and "core-25" in second and "core-00" not in second
    assert "foreign" not in first + second and "1 device, page 1 of 1" in found


def test_the_widget_counts_by_status_and_health_is_degraded_when_nearly_full(world: World) -> None:
    Device.objects.create(customer=world.globex, name="foreign")
    Device.objects.create(customer=world.acme, name="core-1", status="offline")
    full, roomy = (
        HookContext(customer=world.acme, actor=None, settings={"maximum_devices": maximum}) for maximum in (1, 100)
    )

    assert Plugin().count_by_status(full) == {"planned": 0, "active": 0, "offline": 1, "retired": 0}
    assert [Plugin().health_check(each).status for each in (full, roomy)] == ["degraded", "healthy"]
