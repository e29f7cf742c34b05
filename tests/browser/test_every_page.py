"""Every page of the console in a real browser: accessible, readable in each look, on a telephone, and by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import WAIT_MS
from tests.browser.every_page import UNLINKED, find_pages, list_routes
from tests.browser.looks import LENGTHEN, NARROW, WIDE, Watcher, find_faults, find_wide, walk_by_keyboard
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server
from tools import messages

pytestmark = [pytest.mark.browser, with_files_of_its_own]

# What is only sent to, or is a file, and has no page of its own.
NO_PAGES = frozenset(
    {
        "account-revoke-token",
        "audit-export",
        "customer-audit-export",
        "customer-default",
        "invitations",
        "member-invitation-revoke",
        "plugin-pages-without-slash",
        "revoke-customer-token",
        "sign-out",
        "switcher",
    }
)
PAGES = [route for route in list_routes() if route not in NO_PAGES]
# A customer's pages of a plugin have the templates of the platform's. TEST_EVERY_PAGE=1 walks through them as well.
TWINS = {route for route in PAGES if route.startswith("customer-plugin-") or route == "customer-audit"}
WALKED = PAGES if os.environ.get("TEST_EVERY_PAGE") else [route for route in PAGES if route not in TWINS]
# Those with each kind of control, to walk through with forced colours too.
FORCED = PAGES if os.environ.get("TEST_EVERY_PAGE") else ["home", "customer-plugin-settings", "permissions"]
UPDATE_SETTINGS = """mutation($settings: JSON!) {
  updatePluginSettings(input: {plugin: "hello_world", settings: $settings}) {
    ... on UpdatePluginSettingsPayload { changed }
  }
  updateCustomerPluginSettings(input: {customer: "acme", plugin: "hello_world", settings: $settings}) {
    ... on UpdateCustomerPluginSettingsPayload { changed }
  }
}"""
BAD_PAGE = """<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1>
<p style="color: #bbb; background: #fff">pale</p><input><div style="width: 900px">wide</div>
<table><td style="width: 1px; overflow-wrap: anywhere; display: block">divided</table>
<a href="#" style="outline: none">unseen</a><button tabindex="-1">skipped</button><button id="caught">b</button>
<script>console.error("said"); caught.onfocus = () => document.querySelector("a").focus();</script></main>"""

Opener = Callable[..., AbstractContextManager[Page]]


@cache
def list_english_texts() -> list[str]:
    """Those that have another German text, and can't be part of anything else."""
    translated = [(each.id, each.string) for each in messages.read_catalogue("de") if isinstance(each.id, str)]
    return [text for text, german in translated if len(text) > 11 and text != german and "%" not in text]


@pytest.fixture(scope="module")
def operator(webnet: Server) -> Client:
    client = Client(webnet.url)
    client.sign_in("platform", DEMO_PASSWORD)
    return client


@pytest.fixture(scope="module")
def addresses(operator: Client) -> dict[str, str]:
    """Of each page, once there are settings with a history."""
    answer = operator.post_graphql(UPDATE_SETTINGS, settings={"greeting": "Hi"})
    assert answer.text.count("true") == 2, answer.text
    return {**UNLINKED, **find_pages(operator, starts=("/", "/c/acme/"))}


@pytest.fixture(scope="module")
def open_page(browser: Browser, webnet: Server, operator: Client) -> Iterator[Opener]:
    """Opens a page as the platform operator; what it says and asks for has to be nothing.

    Those of the same options are opened in one tab, one after another: a new one takes longer than most pages.
    """
    tabs: dict[tuple[bool, str], tuple[Page, Watcher]] = {}

    def open_tab(signed_in: bool, options: dict[str, Any]) -> tuple[Page, Watcher]:
        context = browser.new_context(base_url=webnet.url, viewport=WIDE, **options)
        context.set_default_timeout(WAIT_MS)
        if signed_in:
            kept = [{"name": each.name, "value": each.value or "", "url": webnet.url} for each in operator.cookies]
            context.add_cookies(kept)  # type: ignore[arg-type]
        return context.new_page(), Watcher.watch(context, webnet.url)

    @contextmanager
    def open_one(route: str, address: str, **options: Any) -> Iterator[Page]:
        signed_in = route != "sign-in"
        key = (signed_in, repr(options))
        if key not in tabs:
            tabs[key] = open_tab(signed_in, options)
        page, watcher = tabs[key]
        # What a test has left that has failed is not this one's.
        watcher.take()
        answer = page.goto(address, wait_until="load")
        assert answer is not None
        yield page
        page.goto("about:blank")
        # The browser itself tells of such a status.
        ignored = "" if answer.ok else f"status of {answer.status}"
        assert [each for each in watcher.take() if not ignored or ignored not in each] == []

    yield open_one
    for page, _ in tabs.values():
        page.context.close()


def test_links_lead_to_every_page(addresses: dict[str, str]) -> None:
    assert set(PAGES) - addresses.keys() == set()


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_accessible_in_each_look_and_fits_a_telephone(
    route: str, addresses: dict[str, str], open_page: Opener, axe: Path
) -> None:
    with open_page(route, addresses[route]) as page:
        faults = find_faults(page, axe)

    assert faults == []


@pytest.mark.parametrize("route", ["users", "workers", "keys"])
def test_a_list_is_read_on_a_telephone_without_scrolling_aside(
    route: str, addresses: dict[str, str], open_page: Opener
) -> None:
    with open_page(route, addresses[route]) as page:
        page.set_viewport_size(NARROW)
        hidden = page.eval_on_selector_all("main .scroll", "all => all.map((one) => one.scrollWidth - one.clientWidth)")
        unnamed = page.eval_on_selector_all("main .list td:not([data-label])", "all => all.map((one) => one.outerHTML)")
        page.set_viewport_size(WIDE)

    assert hidden and not any(hidden)
    assert unnamed == []


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_german_for_a_german_reader_and_fits_from_right_to_left_and_with_long_words(
    route: str, addresses: dict[str, str], open_page: Opener
) -> None:
    with open_page(route, addresses[route], locale="de-DE") as page:
        text = page.inner_text("body")
        faults = find_wide(page)
        page.evaluate("document.documentElement.dir = 'rtl'")
        faults += [f"from right to left: {each}" for each in find_wide(page)]
        language = page.get_attribute("html", "lang")
        page.evaluate(LENGTHEN)
        faults += [f"with long words: {each}" for each in find_wide(page)]

    assert language == "de"
    assert faults == []
    assert [each for each in list_english_texts() if each in text] == []


@pytest.mark.parametrize(
    ("route", "options"), [*((each, {}) for each in WALKED), *((each, {"forced_colors": "active"}) for each in FORCED)]
)
def test_the_keyboard_reaches_all_of_a_page_and_shows_where_it_is(
    route: str, options: dict[str, Any], addresses: dict[str, str], open_page: Opener
) -> None:
    with open_page(route, addresses[route], **options) as page:
        faults = walk_by_keyboard(page)

    assert faults == []


@pytest.mark.parametrize("route", WALKED)
def test_a_page_is_whole_without_scripts(route: str, addresses: dict[str, str], open_page: Opener) -> None:
    with open_page(route, addresses[route], java_script_enabled=False) as page:
        headings = page.locator("h1").count()
        forms = page.locator("form:not(:has(button:not([type=button]), input[type=submit]))").count()
        unaddressed = page.locator("button[hx-post]:not([type=submit]), a[hx-get]:not([href])").count()

    assert (headings, forms, unaddressed) == (1, 0, 0)


def test_what_is_wrong_with_a_page_is_found(browser: Browser, webnet: Server, axe: Path) -> None:
    """The negative control of the tests above."""
    context = browser.new_context(base_url=webnet.url, viewport=WIDE)
    context.route("**/bad/", lambda route: route.fulfill(body=BAD_PAGE, content_type="text/html"))
    watcher = Watcher.watch(context, webnet.url)
    page = context.new_page()
    page.goto("/bad/")

    faults = find_faults(page, axe)
    unreached = walk_by_keyboard(page)
    page.evaluate("fetch('https://cdn.example/x').catch(() => null)")
    context.close()

    assert {fault.split(": ")[1] for fault in faults} == {"color-contrast", "label", "too wide", "divided"}
    assert any("focus can't be seen: A #" in each for each in unreached)
    assert "the keyboard does not reach it: BUTTON caught" in unreached
    assert {"said", "asked for https://cdn.example/x"} <= set(watcher.take())
