"""The site map: a plugin on another one, as its customers use it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from site_map.models import Site
from site_map.plugin import Plugin

from tests.examples.conftest import World
from webnet.plugins.base import HookContext

pytestmark = pytest.mark.django_db
LIST = "{ devices { edges { node { name site { name deviceCount placements { edges { node { id } } } } } } } }"


@pytest.fixture
def world(make_world: Any) -> World:
    return make_world("device_inventory", "site_map")


def create_device(world: World, name: str) -> str:
    return world.operator.mutate("createDevice", "device { id }", name=name)["device"]["id"]


def set_site(world: World, name: str, latitude: float = 0, longitude: float = 0) -> dict[str, Any]:
    return world.operator.mutate(
        "setSite", "changed site { id name latitude }", name=name, latitude=latitude, longitude=longitude
    )


def place(world: World, device: str, site: str | None) -> dict[str, Any]:
    return world.operator.mutate("placeDevice", "changed device { name site { name } }", device=device, site=site)


def test_a_site_is_made_moved_and_deleted_and_its_devices_stay(world: World) -> None:
    device = create_device(world, "core-1")
    made, again, moved = set_site(world, "Oslo"), set_site(world, "Oslo"), set_site(world, "Oslo", 59.9)
    placed = [place(world, device, made["site"]["id"]) for _ in range(2)]

    deleted = [world.operator.mutate("deleteSite", "changed", id=made["site"]["id"])["changed"] for _ in range(2)]

    assert [made["changed"], again["changed"], moved["changed"]] == [True, False, True]
    assert moved["site"] == {**made["site"], "latitude": 59.9}
    assert [each["changed"] for each in placed] == [True, False]
    assert placed[1]["device"] == {"name": "core-1", "site": {"name": "Oslo"}}
    assert deleted == [True, False]
    assert world.viewer.data(LIST)["devices"]["edges"] == [{"node": {"name": "core-1", "site": None}}]


def test_a_device_can_be_nowhere_again(world: World) -> None:
    device, site = create_device(world, "core-1"), set_site(world, "Oslo")["site"]["id"]
    place(world, device, site)

    assert place(world, device, None) == {
        "__typename": "PlaceDevicePayload",
        "changed": True,
        "device": {"name": "core-1", "site": None},
    }
    assert place(world, device, None)["changed"] is False


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, -181)])
def test_a_place_that_is_not_on_earth_is_refused(world: World, latitude: float, longitude: float) -> None:
    assert set_site(world, "Nowhere", latitude, longitude)["code"] == "INVALID_INPUT"
    assert not Site.objects.exists()


def test_foreign_devices_and_sites_are_not_found(world: World) -> None:
    device, site = create_device(world, "core-1"), set_site(world, "Oslo")["site"]["id"]
    for plugin in ("device_inventory", "site_map"):
        world.enable(plugin, world.globex)
    own = world.foreign.mutate("setSite", "site { id }", name="Rome", latitude=1, longitude=1)["site"]["id"]

    refused = [
        world.foreign.mutate("placeDevice", "changed", device=device, site=own),
        world.operator.mutate("placeDevice", "changed", device=device, site=own),
    ]

    assert [each["code"] for each in refused] == ["ROW_NOT_FOUND", "ROW_NOT_FOUND"]
    assert world.foreign.data("{ sites { edges { node { name } } } }") == {
        "sites": {"edges": [{"node": {"name": "Rome"}}]}
    }
    assert world.foreign.mutate("deleteSite", "changed", id=site)["changed"] is False


def test_without_it_the_field_on_devices_is_gone_and_devices_stay(world: World) -> None:
    create_device(world, "core-1")
    world.disable("site_map", world.acme)

    assert world.viewer.code("{ devices { edges { node { site { name } } } } }") == "GRAPHQL_VALIDATION_FAILED"
    assert world.viewer.data("{ devices { totalCount } }") == {"devices": {"totalCount": 1}}


def test_sql_does_not_grow_with_devices(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            world.viewer.data(LIST)
        return len(queries)

    place(world, create_device(world, "core-0"), set_site(world, "Oslo")["site"]["id"])
    count()
    with_one = count()
    for index in range(1, 5):
        place(world, create_device(world, f"core-{index}"), set_site(world, f"Site {index}")["site"]["id"])

    assert count() == with_one


def test_the_map_is_escaped_has_a_text_and_the_customers_own_sites(world: World, client: Client) -> None:
    Site.objects.create(customer=world.globex, name="Foreign", latitude=0, longitude=0)
    Site.objects.create(customer=world.acme, name="<script>", latitude=59.91, longitude=10.75)
    client.force_login(world.viewer_user)

    page = client.get("/c/acme/plugins/site_map/").content.decode()

    assert '<circle cx="190.750" cy="30.090"' in page and "&lt;script&gt;: 0 devices</title>" in page
    assert 'role="img" aria-labelledby="map-title map-text"' in page and "<caption>Sites</caption>" in page
    assert "<script>" not in page and "Foreign" not in page


def test_the_widget_and_the_health_are_the_customers_own(world: World) -> None:
    Site.objects.create(customer=world.globex, name="Foreign", latitude=0, longitude=0)
    Site.objects.create(customer=world.acme, name="Oslo", latitude=0, longitude=0)
    here = HookContext(customer=world.acme, actor=None, settings={"maximum_sites": 1})

    assert Plugin().list_largest(here) == [{"site": "Oslo", "devices": 0}]
    assert Plugin().health_check(here).status == "degraded"
