"""The audit log in a real browser: followed beside somebody who makes changes, filtered by keyboard, and opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.browser.looks import WIDE, Watcher, find_faults
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

LOG = "/c/acme/manage/audit/"
UPDATE = """mutation($input: UpdateCustomerPluginSettingsInput!) { updateCustomerPluginSettings(input: $input) {
  ... on UpdateCustomerPluginSettingsPayload { config { id } } ... on Refusal { code message } } }"""
Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, webnet: Server) -> Iterator[Visit]:
    """Opens an address in a browser of their own for each person, signed in; none says a word in its console."""
    watchers: list[Watcher] = []
    contexts = []

    def open_page(address: str, *, as_user: str, **options: Any) -> Page:
        context = browser.new_context(base_url=webnet.url, viewport=WIDE, **options)
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        contexts.append(context)
        watchers.append(Watcher.watch(context, webnet.url))
        page = context.new_page()
        page.goto(f"/sign-in/?next={address}")
        page.get_by_label("Username").fill(as_user)
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [each for watcher in watchers for each in watcher.take()] == []


def change(page: Page, greeting: str, reason: str) -> None:
    """Change a setting as whoever is signed in on the page, as their own client would."""
    values = {"customer": "acme", "plugin": "hello_world", "settings": {"greeting": greeting}, "reason": reason}
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    answer = page.request.post(
        "/graphql/acme/",
        data=json.dumps({"query": UPDATE, "variables": {"input": values}}),
        headers={"Content-Type": "application/json", "X-CSRFToken": cookies["csrftoken"]},
    )
    assert "config" in answer.text(), answer.text()


def entry(page: Page, text: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=text)


def test_what_somebody_else_changes_appears_at_the_top_until_it_is_paused(visit: Visit) -> None:
    admin = visit(LOG, as_user="acme-admin")
    operator = visit("/c/acme/", as_user="acme-operator")
    admin.get_by_role("link", name="Follow live").click()
    expect(admin.get_by_text("Live", exact=True)).to_be_visible()

    change(operator, "Ahoy", "first of two")
    expect(entry(admin, "first of two")).to_be_visible()
    change(operator, "Moin", "second of two")
    expect(entry(admin, "second of two")).to_be_visible()

    assert "second of two" in admin.locator(".log > li").first.inner_text()
    expect(admin.locator("#live-news")).to_have_text("1 new entry")
    expect(admin.locator("#live-news")).to_have_attribute("aria-live", "polite")

    admin.get_by_role("link", name="Pause").click()
    expect(admin.get_by_role("link", name="Follow live")).to_be_visible()
    change(operator, "Servus", "while it was paused")
    # What was there stays, and nothing comes: the page of somebody who follows has it already.
    other = visit(LOG, as_user="platform")
    expect(entry(other, "while it was paused")).to_be_visible()
    expect(entry(admin, "while it was paused")).to_have_count(0)
    admin.get_by_role("link", name="Follow live").click()
    expect(entry(admin, "while it was paused")).to_have_count(1)
    expect(entry(admin, "second of two")).to_have_count(1)


def test_filters_and_an_entry_are_used_by_keyboard_alone(visit: Visit) -> None:
    page = visit(LOG, as_user="acme-admin")
    change(page, "Hei", "by keyboard")

    page.get_by_label("Search", exact=True).focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=by+keyboard**")
    expect(entry(page, "by keyboard")).to_have_count(1)
    expect(page.locator(".log > li")).to_have_count(1)

    page.get_by_text("More filters").focus()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Who")).to_be_focused()
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No entry matches")).to_be_visible()
    expect(page.get_by_label("Who")).to_have_value("nobody")

    page.get_by_role("link", name="Clear").focus()
    page.keyboard.press("Enter")
    row = entry(page, "by keyboard").first
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(row.get_by_role("row", name="settings → greeting")).to_contain_text("Hei")
    row.get_by_role("link", name="update_customer_plugin_settings").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="update_customer_plugin_settings")).to_be_visible()
    expect(page.get_by_role("row", name="settings → greeting")).to_contain_text("Hei")


def test_the_list_follows_what_is_typed_and_so_does_the_download(visit: Visit) -> None:
    page = visit(LOG, as_user="acme-admin")
    change(page, "Hallo", "found while typing")

    page.get_by_label("Search", exact=True).press_sequentially("found while typing")

    expect(page.locator(".log > li")).to_have_count(1)
    expect(entry(page, "found while typing")).to_be_visible()
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    expect(page.locator("#found")).to_have_text("1 entry on this page")
    with _downloaded(page) as lines:
        page.get_by_role("link", name="Download as NDJSON").click()
    assert [json.loads(line["text"])["reason"] for line in lines] == ["found while typing"]
    page.reload()
    expect(page.locator(".log > li")).to_have_count(1)


@contextmanager
def _downloaded(page: Page) -> Iterator[list[dict[str, str]]]:
    lines: list[dict[str, str]] = []
    with page.expect_download() as started:
        yield lines
    path = started.value.path()
    lines += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert started.value.suggested_filename.endswith(".ndjson")


def test_the_download_has_what_the_filters_select(visit: Visit) -> None:
    page = visit(LOG, as_user="acme-admin")
    change(page, "Hola", "to be downloaded")
    page.goto(f"{LOG}?q=to+be+downloaded")

    with _downloaded(page) as lines:
        page.get_by_role("link", name="Download as NDJSON").click()

    assert [json.loads(line["text"])["reason"] for line in lines] == ["to be downloaded"]


def test_without_scripts_the_log_is_filtered_opened_and_reloaded(visit: Visit) -> None:
    page = visit(LOG, as_user="acme-admin", java_script_enabled=False)
    change(page, "Salut", "without scripts")

    page.get_by_role("link", name="Follow live").click()
    expect(page.get_by_role("link", name="Pause")).to_be_visible()
    expect(entry(page, "without scripts")).to_be_visible()
    page.get_by_role("link", name="Pause").click()
    page.get_by_label("Search", exact=True).fill("without scripts")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".log > li")).to_have_count(1)


def test_long_and_foreign_texts_fit_and_all_that_is_open_is_accessible(visit: Visit, axe: Path) -> None:
    page = visit(LOG, as_user="acme-admin")
    change(page, f"مرحبا{'x' * 20}", f"سبب طويل {'y' * 200}")

    for address in (f"{LOG}?live=1&plugin=hello_world", None):
        if address is not None:
            page.goto(address)
        else:
            page.locator(".what a").first.click()
            page.wait_for_load_state("load")
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")

        assert find_faults(page, axe) == []
