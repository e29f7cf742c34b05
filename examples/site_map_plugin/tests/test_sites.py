"""The site map: a plugin on another one, as its customers use it."""

from __future__ import annotations

from typing import Any

import pytest
from site_map.models import Site
from site_map.plugin import Plugin

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

LIST = "{ devices { edges { node { name site { name deviceCount placements { edges { node { id } } } } } } } }"


@pytest.fixture(autouse=True)
def enabled(enable_plugin: SwitchPlugin) -> None:
    """Acme has the plugin, and what it needs."""
    enable_plugin("site_map")


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


def create_device(client: WebnetClient, name: str) -> str:
    return client.mutate("createDevice", "device { id }", name=name)["device"]["id"]


def set_site(client: WebnetClient, name: str, latitude: float = 0, longitude: float = 0) -> dict[str, Any]:
    return client.mutate(
        "setSite", "changed site { id name latitude }", name=name, latitude=latitude, longitude=longitude
    )


def place(client: WebnetClient, device: str, site: str | None) -> dict[str, Any]:
    return client.mutate("placeDevice", "changed device { name site { name } }", device=device, site=site)


def test_a_site_is_made_moved_and_deleted_and_its_devices_stay(
    webnet_client: WebnetClient, viewer: WebnetClient
) -> None:
    device = create_device(webnet_client, "core-1")
    made, again, moved = (
        set_site(webnet_client, "Oslo"),
        set_site(webnet_client, "Oslo"),
        set_site(webnet_client, "Oslo", 59.9),
    )
    placed = [place(webnet_client, device, made["site"]["id"]) for _ in range(2)]

    site = made["site"]["id"]
    deleted = [webnet_client.mutate("deleteSite", "changed deletedSiteId", id=site) for _ in range(2)]

    assert [made["changed"], again["changed"], moved["changed"]] == [True, False, True]
    assert moved["site"] == {**made["site"], "latitude": 59.9}
    assert [each["changed"] for each in placed] == [True, False]
    assert placed[1]["device"] == {"name": "core-1", "site": {"name": "Oslo"}}
    assert [each["changed"] for each in deleted] == [True, False]
    assert [each["deletedSiteId"] for each in deleted] == [site, site]
    assert viewer.query(LIST)["devices"]["edges"] == [{"node": {"name": "core-1", "site": None}}]


def test_a_device_can_be_nowhere_again(webnet_client: WebnetClient) -> None:
    device, site = create_device(webnet_client, "core-1"), set_site(webnet_client, "Oslo")["site"]["id"]
    place(webnet_client, device, site)

    assert place(webnet_client, device, None) == {
        "__typename": "PlaceDevicePayload",
        "changed": True,
        "device": {"name": "core-1", "site": None},
    }
    assert place(webnet_client, device, None)["changed"] is False


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, -181)])
def test_a_place_that_is_not_on_earth_is_refused(
    webnet_client: WebnetClient, latitude: float, longitude: float
) -> None:
    assert set_site(webnet_client, "Nowhere", latitude, longitude)["code"] == "INVALID_INPUT"
    assert not Site.objects.exists()


def test_foreign_devices_and_sites_are_not_found(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    device, site = create_device(webnet_client, "core-1"), set_site(webnet_client, "Oslo")["site"]["id"]
    enable_plugin("site_map", customer=globex)
    own = foreign.mutate("setSite", "site { id }", name="Rome", latitude=1, longitude=1)["site"]["id"]

    refused = [
        foreign.mutate("placeDevice", "changed", device=device, site=own),
        webnet_client.mutate("placeDevice", "changed", device=device, site=own),
    ]

    assert [each["code"] for each in refused] == ["ROW_NOT_FOUND", "ROW_NOT_FOUND"]
    assert foreign.query("{ sites { edges { node { name } } } }") == {"sites": {"edges": [{"node": {"name": "Rome"}}]}}
    assert foreign.mutate("deleteSite", "changed", id=site)["changed"] is False


def test_without_it_the_field_on_devices_is_gone_and_devices_stay(
    webnet_client: WebnetClient, viewer: WebnetClient, disable_plugin: SwitchPlugin
) -> None:
    create_device(webnet_client, "core-1")
    disable_plugin("site_map")

    assert viewer.error_code("{ devices { edges { node { site { name } } } } }") == "GRAPHQL_VALIDATION_FAILED"
    assert viewer.query("{ devices { totalCount } }") == {"devices": {"totalCount": 1}}


def test_sql_does_not_grow_with_devices(webnet_client: WebnetClient, viewer: WebnetClient) -> None:
    def add(index: int) -> None:
        site = set_site(webnet_client, f"Site {index}")["site"]["id"]
        place(webnet_client, create_device(webnet_client, f"core-{index}"), site)

    add(0)

    assert_statements_do_not_grow(viewer, LIST, add_rows=lambda: [add(index) for index in range(1, 5)])


def test_the_map_is_escaped_has_a_text_and_the_customers_own_sites(
    viewer: WebnetClient, webnet_customer: Customer, globex: Customer
) -> None:
    Site.objects.create(customer=globex, name="Foreign", latitude=0, longitude=0)
    Site.objects.create(customer=webnet_customer, name="<script>", latitude=59.91, longitude=10.75)

    page = viewer.get_page("site_map").content.decode()

    assert '<circle cx="190.750" cy="30.090"' in page and "&lt;script&gt;: 0 devices</title>" in page
    assert 'role="img" aria-labelledby="map-title map-text"' in page and "<caption>Sites</caption>" in page
    assert "<script>" not in page and "Foreign" not in page


def test_the_widget_and_the_health_are_the_customers_own(
    webnet_customer: Customer, globex: Customer, hook_context: MakeHookContext, webnet_settings: SetSettings
) -> None:
    Site.objects.create(customer=globex, name="Foreign", latitude=0, longitude=0)
    Site.objects.create(customer=webnet_customer, name="Oslo", latitude=0, longitude=0)
    webnet_settings("site_map", maximum_sites=1)
    here = hook_context("site_map", customer=webnet_customer)

    assert Plugin().list_largest(here) == [{"site": "Oslo", "devices": 0}]
    assert Plugin().health_check(here).status == "degraded"


def test_nothing_leaks(
    webnet_client: WebnetClient, foreign: WebnetClient, globex: Customer, enable_plugin: SwitchPlugin
) -> None:
    enable_plugin("site_map", customer=globex)
    for client, name in ((webnet_client, "Oslo of Acme"), (foreign, "Rome of Globex")):
        place(client, create_device(client, "core-1"), set_site(client, name)["site"]["id"])

    assert_no_leaks("site_map", mine=webnet_client, theirs=foreign)


def test_disabled_it_is_gone(viewer: WebnetClient) -> None:
    assert_vanishes_when_disabled("site_map", client=viewer)
