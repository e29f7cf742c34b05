"""Every page of the console in a real browser: accessible, readable in each look, on a telephone, and by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import WAIT_MS
from tests.browser.every_page import UNLINKED, find_pages, list_routes
from tests.browser.looks import LOOKS, WIDE, Watcher, find_faults, find_wide, walk_by_keyboard
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.node import AXE, install_clients
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
BAD_PAGE = """<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1>
<p style="color: #bbb; background: #fff">pale</p><input><div style="width: 900px">wide</div>
<a href="#" style="outline: none">unseen</a><button tabindex="-1">skipped</button><button id="caught">b</button>
<script>console.error("said"); caught.onfocus = () => document.querySelector("a").focus();</script></main>"""

Opener = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("axe"), AXE) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def operator(webnet: Server) -> Client:
    client = Client(webnet.url)
    client.sign_in("platform", DEMO_PASSWORD)
    return client


@pytest.fixture(scope="module")
def addresses(operator: Client) -> dict[str, str]:
    return {**UNLINKED, **find_pages(operator, starts=("/", "/c/acme/"))}


@pytest.fixture
def open_page(browser: Browser, webnet: Server, operator: Client) -> Opener:
    """Opens a page of a new browser profile, as the platform operator; what it says and asks for has to be nothing."""

    @contextmanager
    def open_one(address: str, *, signed_in: bool = True, **options: Any) -> Iterator[Page]:
        context = browser.new_context(base_url=webnet.url, viewport=WIDE, **options)
        context.set_default_timeout(WAIT_MS)
        if signed_in:
            kept = [{"name": each.name, "value": each.value or "", "url": webnet.url} for each in operator.cookies]
            context.add_cookies(kept)  # type: ignore[arg-type]
        watcher = Watcher.watch(context, webnet.url)
        page = context.new_page()
        answer = page.goto(address, wait_until="load")
        assert answer is not None
        yield page
        context.close()
        # The browser itself tells of such a status.
        ignored = "" if answer.ok else f"status of {answer.status}"
        assert [each for each in watcher.take() if not ignored or ignored not in each] == []

    return open_one


def test_links_lead_to_every_page(addresses: dict[str, str]) -> None:
    assert set(PAGES) - addresses.keys() == set()


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_accessible_in_each_look_and_fits_a_telephone(
    route: str, addresses: dict[str, str], open_page: Opener, axe: Path
) -> None:
    with open_page(addresses[route], signed_in=route != "sign-in") as page:
        faults = find_faults(page, axe)

    assert faults == []


@pytest.mark.parametrize("route", PAGES)
def test_a_page_is_german_for_a_german_reader_and_fits_from_right_to_left(
    route: str, addresses: dict[str, str], open_page: Opener
) -> None:
    translated = [(each.id, each.string) for each in messages.read_catalogue("de") if isinstance(each.id, str)]
    # Those that can't be part of anything else.
    english = {text for text, german in translated if len(text) > 11 and text != german and "%" not in text}

    with open_page(addresses[route], signed_in=route != "sign-in", locale="de-DE") as page:
        text = page.inner_text("body")
        faults = find_wide(page)
        page.evaluate("document.documentElement.dir = 'rtl'")
        faults += [f"from right to left: {each}" for each in find_wide(page)]
        language = page.get_attribute("html", "lang")

    assert language == "de"
    assert faults == []
    assert [each for each in english if each in text] == []


@pytest.mark.parametrize("route", WALKED)
def test_the_keyboard_reaches_all_of_a_page_and_shows_where_it_is(
    route: str, addresses: dict[str, str], open_page: Opener
) -> None:
    with open_page(addresses[route], signed_in=route != "sign-in") as page:
        faults = walk_by_keyboard(page)

    assert faults == []


@pytest.mark.parametrize("route", WALKED)
def test_a_page_is_whole_without_scripts(route: str, addresses: dict[str, str], open_page: Opener) -> None:
    with open_page(addresses[route], signed_in=route != "sign-in", java_script_enabled=False) as page:
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

    faults = find_faults(page, axe, looks={"light": LOOKS["light"]})
    unreached = walk_by_keyboard(page)
    page.evaluate("fetch('https://cdn.example/x').catch(() => null)")
    context.close()

    assert {fault.split(": ")[1] for fault in faults} == {"color-contrast", "label", "too wide"}
    assert any("focus can't be seen: A #" in each for each in unreached)
    assert "the keyboard does not reach it: BUTTON caught" in unreached
    assert {"said", "asked for https://cdn.example/x"} <= set(watcher.take())
