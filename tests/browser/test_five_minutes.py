"""The README's five minutes in the console, followed in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.databases import with_files_of_its_own
from tests.docs.documents import ROOT, Document
from tests.servers import DEMO_PASSWORD, Server, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

README = Document.read(ROOT / "README.md")


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_webnet(tmp_path_factory.mktemp("webnet")) as server:
        yield server


@pytest.fixture
def page(browser: Browser, webnet: Server) -> Iterator[Page]:
    context = browser.new_context(base_url=webnet.url)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context.new_page()
    context.close()


def read_steps() -> str:
    """The section, in one line."""
    return " ".join(README.text.partition("## Five minutes in the console")[2].partition("\n## ")[0].split())


def test_the_five_minutes_of_the_readme(page: Page) -> None:
    manage = page.get_by_role("navigation", name="Globex")
    page.goto("/")
    page.get_by_label("Username").fill("platform")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing to do.")

    page.locator("details.switcher summary").click()
    page.locator("details.switcher").get_by_role("link", name="Globex").click()
    expect(page.get_by_role("region", name="Greeting")).to_be_visible()
    expect(manage.get_by_role("link", name="Hello World")).to_be_visible()

    manage.get_by_role("link", name="Plugins", exact=True).click()
    page.get_by_role("link", name="Switch off Hello World").click()
    expect(page.get_by_role("region", name="The plan")).to_contain_text("Hello World is switched off.")
    page.get_by_label("Reason").fill("Trying it out")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status").first).to_be_visible()

    manage.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("region", name="Greeting")).to_have_count(0)
    expect(manage.get_by_role("link", name="Hello World")).to_have_count(0)

    manage.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("main")).to_contain_text("Trying it out")

    manage.get_by_role("link", name="Plugins", exact=True).click()
    page.get_by_role("link", name="Switch on Hello World").click()
    page.get_by_role("button", name="Switch on").click()
    expect(manage.get_by_role("link", name="Hello World")).to_be_visible()

    page.get_by_text("Show as GraphQL").click()
    expect(page.get_by_role("main")).to_contain_text("mutation EnableCustomerPlugin")
    page.get_by_role("link", name=re.compile("GraphiQL")).last.click()
    expect(page.get_by_role("region", name="Operation Editor")).to_be_visible()


def test_the_readme_names_what_is_pressed() -> None:
    steps = read_steps()

    for name in ("Globex", "Manage", "Plugins", "Switch off", "Dashboard", "Audit log", "Switch on", "Show as GraphQL"):
        assert f"**{name}**" in steps
    assert Path(ROOT / "docs" / "images" / "console" / "dashboard-wide-light.png").is_file()
