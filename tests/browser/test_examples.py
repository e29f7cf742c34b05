"""The pages and widgets of the example plugins in a real browser: empty and full, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch_policy
from tests.browser.test_console import look, overflow, sign_in
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

# By its entry of the menu: what a page says that has nothing to show yet.
PAGES = {
    "Dashboard": "Nothing yet.",
    "Devices": "mutations createDevice or importDevices",
    "Site map": "mutation setSite",
    "Reachability": "mutation checkReachability",
}
SITES = {
    "Oslo": (59.9, 10.7),
    "Geneva": (46.2, 6.1),
    "Sydney, a data centre with a long name": (-33.9, 151.2),
    "The edge of the world": (-17, 180),
}
SENT = """mutation($csv: ImportDevicesInput!) {
  importDevices(input: $csv) { ... on ImportDevicesPayload { createdCount } ... on Refusal { message } } }"""
SET_SITE = """mutation($input: SetSiteInput!) {
  setSite(input: $input) { ... on SetSitePayload { changed } ... on Refusal { message } } }"""
CHECK = """mutation { checkReachability(input: {}) {
  ... on CheckReachabilityPayload { results { outcome } } ... on Refusal { message } } }"""


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Both customers have all of them, and only acme has rows."""
    plugins = "device_inventory,site_map,reachability"
    with serve_webnet(tmp_path_factory.mktemp("webnet"), WEBNET_PLUGINS=plugins) as server:
        platform = Client(server.url)
        platform.sign_in("platform", DEMO_PASSWORD)
        for plugin in ("site_map", "reachability"):
            given = {"plugin": plugin, "enableDependencies": True}
            enable(platform, "enablePlugin", given)
            for customer in ("acme", "globex"):
                enable(platform, "enableCustomerPlugin", {**given, "customer": customer})
        fill(platform)
        yield server


def enable(platform: Client, field: str, given: dict[str, object]) -> None:
    kind = f"{field[0].upper()}{field[1:]}"
    query = f"mutation($i: {kind}Input!) {{ {field}(input: $i) {{ ... on {kind}Payload {{ changed }} }} }}"
    assert ask(platform, query, i=given)[field]["changed"]


def fill(platform: Client) -> None:
    rows = "".join(f"rack-{number:03d}-switch,127.0.0.1,active\n" for number in range(30))
    path = "/graphql/acme/"
    imported = ask(platform, SENT, path=path, csv={"csv": f"name,host,status\n{rows}"})
    assert imported["importDevices"]["createdCount"] == 30
    for name, (latitude, longitude) in SITES.items():
        given = {"name": name, "latitude": latitude, "longitude": longitude}
        assert ask(platform, SET_SITE, path=path, input=given)["setSite"]["changed"]
    # By its settings webnet tries no address of its own machine, so nothing is sent.
    assert "results" in ask(platform, CHECK, path=path)["checkReachability"]


def ask(client: Client, query: str, *, path: str = "/graphql/", **variables: object) -> dict[str, dict[str, object]]:
    answer = client.post_graphql(query, path=path, **variables).json()
    assert "errors" not in answer, answer
    data: dict[str, dict[str, object]] = answer["data"]
    return data


@pytest.fixture(params=[1280, 390], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser, webnet: Server) -> Iterator[Page]:
    """A page of a new browser profile, of this width."""
    context = browser.new_context(base_url=webnet.url, viewport={"width": request.param, "height": 860})
    expect.set_options(timeout=30_000)
    violations = watch_policy(context)
    yield context.new_page()
    context.close()
    assert violations == []


def go_through(page: Page, customer: str) -> None:
    """Each of the pages, by the menu: with its heading, and no wider than the window."""
    sign_in(page, f"{customer}-admin")
    expect(page.get_by_role("heading", name="Things to do")).to_be_visible()
    page.goto(f"/c/{customer}/")
    for entry in PAGES:
        page.get_by_role("navigation", name=customer.title()).get_by_role("link", name=entry).click()
        expect(page.get_by_role("link", name=entry, exact=True)).to_have_attribute("aria-current", "page")
        look(page, f"{customer}-{entry.replace(' ', '-').lower()}")
        assert not overflow(page), entry


def test_without_rows_they_say_how_some_get_there(page: Page) -> None:
    go_through(page, "globex")

    for entry, words in PAGES.items():
        page.get_by_role("link", name=entry, exact=True).click()
        expect(page.get_by_role("main")).to_contain_text(words)


def test_rows_are_shown_whole(page: Page) -> None:
    go_through(page, "acme")

    expect(page.get_by_role("table").get_by_role("row")).to_have_count(31)
    page.get_by_role("link", name="Site map").click()
    expect(page.locator("svg text")).to_have_count(len(SITES))
    page.wait_for_load_state("load")
    for drawn in page.locator("svg text, svg circle").all():
        assert is_within(drawn.bounding_box(), page.locator("svg").bounding_box())


def is_within(inner: object, outer: object) -> bool:
    """Whether a box is inside of another, to the pixel."""
    assert isinstance(inner, dict) and isinstance(outer, dict)
    return bool(
        inner["x"] >= outer["x"] - 1
        and inner["y"] >= outer["y"] - 1
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
        and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 1
    )
