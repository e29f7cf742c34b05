"""Reachability as its customers use it, against real sockets of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from reachability.models import Check
from reachability.plugin import Plugin

from tests.examples.conftest import World
from webnet.plugins.base import HookContext

pytestmark = pytest.mark.django_db
RESULTS = "results { device { name } outcome latencyMilliseconds }"
LIST = "{ devices { edges { node { name reachability { outcome device { name } } } } } }"


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def world(make_world: Any, port: int) -> World:
    world = make_world("device_inventory", "reachability")
    world.set_globally("reachability", port=port, blocked_networks=[])
    return world


def create_device(world: World, name: str, host: str = "127.0.0.1", **values: Any) -> str:
    return world.operator.mutate("createDevice", "device { id }", name=name, host=host, **values)["device"]["id"]


def check(world: World, **values: Any) -> dict[str, Any]:
    return world.operator.mutate("checkReachability", RESULTS, **values)


def outcomes(done: dict[str, Any]) -> dict[str, str]:
    return {each["device"]["name"]: each["outcome"] for each in done["results"]}


def test_devices_are_checked_and_the_last_check_is_kept(world: World) -> None:
    create_device(world, "core-1")
    create_device(world, "no-host", host="")
    create_device(world, "retired", status="RETIRED")

    first, second = check(world), check(world)

    assert outcomes(first) == outcomes(second) == {"core-1": "REACHABLE", "no-host": "UNKNOWN_HOST"}
    assert first["results"][0]["latencyMilliseconds"] > 0
    assert Check.objects.count() == 2
    assert [each["node"]["reachability"] for each in world.viewer.data(LIST)["devices"]["edges"]] == [
        {"outcome": "REACHABLE", "device": {"name": "core-1"}},
        {"outcome": "UNKNOWN_HOST", "device": {"name": "no-host"}},
        None,
    ]


def test_this_machine_is_blocked_unless_the_operator_says_otherwise(make_world: Any) -> None:
    world = make_world("device_inventory", "reachability")
    create_device(world, "core-1")

    assert outcomes(check(world)) == {"core-1": "BLOCKED"}


def test_only_named_devices_of_the_customer_are_checked(world: World) -> None:
    first = create_device(world, "core-1")
    create_device(world, "core-2")
    for plugin in ("device_inventory", "reachability"):
        world.enable(plugin, world.globex)

    assert outcomes(check(world, devices=[first, first])) == {"core-1": "REACHABLE"}
    assert world.foreign.mutate("checkReachability", RESULTS, devices=[first])["code"] == "ROW_NOT_FOUND"
    assert world.foreign.mutate("checkReachability", RESULTS)["results"] == []
    assert check(world, devices=[first] * 101)["code"] == "INVALID_INPUT"


def test_viewers_may_not_check(world: World) -> None:
    assert world.viewer.mutate("checkReachability", RESULTS)["code"] == "PERMISSION_MISSING"


def test_sql_does_not_grow_with_devices(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            world.viewer.data(LIST)
        return len(queries)

    create_device(world, "core-0")
    check(world)
    count()
    with_one = count()
    for index in range(1, 5):
        create_device(world, f"core-{index}")
    check(world)

    assert count() == with_one


def test_the_page_the_widget_and_the_health_are_the_customers_own(world: World, client: Client) -> None:
    create_device(world, "a<script>", host="")
    check(world)
    client.force_login(world.viewer_user)
    here, there = (HookContext(customer=each, actor=None, settings={}) for each in (world.acme, world.globex))

    page = client.get("/c/acme/plugins/reachability/").content.decode()

    assert "a&lt;script&gt;" in page and "a<script>" not in page
    assert [Plugin().count_outcomes(each) for each in (here, there)] == [{"unknown_host": 1}, {}]
    assert [Plugin().health_check(each).status for each in (here, there)] == ["degraded", "healthy"]
