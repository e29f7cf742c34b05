"""The site of the documentation, read from the disk: no server, and no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.databases import with_files_of_its_own
from tests.docs.site import build_site

pytestmark = with_files_of_its_own


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_site(tmp_path_factory.mktemp("docs")) / "site"


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """A page; the test fails if it asks any host."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context.new_page()
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_search_finds_a_heading_and_leads_there(reader: Page, site: Path) -> None:
    reader.goto((site / "index.html").as_uri())

    reader.get_by_role("button", name="Search").click()
    reader.get_by_role("combobox", name="Search").fill("enableCustomerPlugin")
    reader.locator('[role=option][href*="reference/mutations"]').first.click()

    expect(reader).to_have_url(re.compile(r"docs/reference/mutations\.html.*#enablecustomerplugin$"))
    expect(reader.get_by_role("heading", name="enableCustomerPlugin")).to_be_in_viewport()


def test_the_front_page_leads_to_the_guides(reader: Page, site: Path) -> None:
    reader.goto((site / "index.html").as_uri())

    reader.get_by_role("link", name="writing a plugin").first.click()

    expect(reader.get_by_role("heading", name="Writing a plugin", level=1)).to_be_visible()


def test_a_narrow_page_is_as_wide_as_its_window(reader: Page, site: Path) -> None:
    reader.set_viewport_size({"width": 380, "height": 800})

    for page in ("index.html", "docs/reference/mutations.html", "docs/operations.html"):
        reader.goto((site / page).as_uri())

        assert reader.evaluate("document.documentElement.scrollWidth") <= 380, page
