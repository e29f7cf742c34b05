"""The console in a real browser, with scripts switched off: from signing in to a plugin's own page and its form."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch_policy
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

ADMIN = (
    "",
    "customers/user/",
    "customers/user/1/change/",
    "customers/user/1/password/",
    "customers/customer/",
    "plugins/pluginconfig/",
    "plugins/pluginauditlog/",
)


def sign_in(page: Page, username: str) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def look(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look at it: TEST_SCREENSHOTS names the folder."""
    folder = os.environ.get("TEST_SCREENSHOTS")
    if folder:
        width = (page.viewport_size or {}).get("width")
        page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def overflow(page: Page) -> bool:
    """Whether the page is wider than its window."""
    # A link's click returns before the style sheet is there, and without it every table is wide.
    page.wait_for_load_state("load")
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_member_goes_from_signing_in_to_a_plugins_page_and_back(plain: Page, webnet: Server) -> None:
    sign_in(plain, "acme-viewer")
    expect(plain.get_by_role("heading", name="Things to do")).to_be_visible()
    look(plain, "home")
    plain.get_by_role("main").get_by_role("link", name="Acme").click()

    expect(plain).to_have_url(f"{webnet.url}/c/acme/")
    expect(plain.get_by_role("region", name="Greeting")).to_contain_text("Hello, Acme!")
    expect(plain.get_by_role("link", name="Dashboard")).to_have_attribute("aria-current", "page")
    look(plain, "dashboard")

    plain.get_by_role("navigation").get_by_role("link", name="Hello World").click()
    expect(plain).to_have_url(f"{webnet.url}/c/acme/plugins/hello_world/")
    expect(plain.get_by_role("heading", name="Hello, Acme!")).to_be_visible()
    plain.get_by_label("Name").fill("Ada")
    plain.get_by_role("button", name="Greet").click()
    expect(plain.get_by_role("status")).to_have_text("Hello, Ada!")
    look(plain, "page")
    assert not overflow(plain)

    plain.get_by_role("link", name="Dashboard").click()
    expect(plain).to_have_url(f"{webnet.url}/c/acme/")


def test_a_platform_operator_switches_between_customers(plain: Page, webnet: Server) -> None:
    sign_in(plain, "platform")
    plain.get_by_role("navigation").get_by_role("link", name="Customers").click()
    plain.get_by_role("main").get_by_role("link", name="Acme", exact=True).click()

    plain.locator("details.switcher summary").click()
    look(plain, "switcher")
    plain.get_by_role("link", name="Globex", exact=True).click()

    expect(plain).to_have_url(f"{webnet.url}/c/globex/")
    look(plain, "empty")


def test_what_is_not_there_says_so_without_a_frame(plain: Page) -> None:
    sign_in(plain, "globex-admin")
    plain.goto("/c/acme/plugins/hello_world/")

    expect(plain.get_by_role("heading", name="Not found")).to_be_visible()
    expect(plain.get_by_role("navigation")).to_have_count(0)
    look(plain, "not-found")


def test_the_admins_pages_keep_to_the_policy(page: Page) -> None:
    """As those of the console and GraphiQL do in the other tests of this folder."""
    page.goto("/sign-in/?next=/admin/")
    look(page, "sign-in")
    page.get_by_label("Username").fill("platform")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()

    for address in ADMIN:
        answer = page.goto(f"/admin/{address}", wait_until="load")
        assert answer is not None and answer.ok, address


def test_an_injected_script_does_not_run_and_is_seen(browser: Browser, webnet: Server) -> None:
    """The negative control of the policy."""
    context = browser.new_context(base_url=webnet.url)
    violations = watch_policy(context)
    page = context.new_page()
    page.goto("/sign-in/")

    with page.expect_console_message():
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = true\">')")
    ran = page.evaluate("window.ran")
    context.close()

    assert ran is None
    assert any("script-src" in violation for violation in violations)
