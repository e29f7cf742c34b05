"""The settings form in a real browser: without scripts, in place with them, by keyboard alone, and by two people."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.test_console import look, overflow, sign_in
from tests.databases import with_files_of_its_own
from tests.servers import Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

REACHABILITY = "/plugins/reachability/settings/"
HELLO = "/c/acme/manage/plugins/hello_world/settings/"
SECRET = "canary-7f3a"


def test_without_scripts_a_secret_is_added_reviewed_and_saved(plain: Page) -> None:
    sign_in(plain, "platform")
    plain.goto(REACHABILITY)
    width = (plain.viewport_size or {})["width"]
    host = f"host-{width}.example"
    look(plain, "settings")
    assert not overflow(plain)

    plain.get_by_label("TCP port").fill("a lot")
    plain.get_by_role("button", name="Add to Tokens by host").click()
    plain.get_by_label("Name").last.fill(host)
    plain.locator("input[type=password]").last.fill(SECRET)
    plain.get_by_role("button", name="Review the changes").click()

    expect(plain.get_by_role("alert")).to_contain_text("can't be saved")
    look(plain, "settings-mistakes")
    assert not overflow(plain)
    plain.get_by_role("alert").get_by_role("link", name="TCP port").click()
    assert plain.url.endswith("#setting_port")
    assert SECRET not in plain.content()
    expect(plain.get_by_label("TCP port")).to_have_value("a lot")
    plain.get_by_label("TCP port").fill(str(width))
    plain.get_by_role("button", name="Review the changes").click()

    expect(plain.get_by_role("row", name="TCP port")).to_contain_text(str(width))
    expect(plain.get_by_role("row", name=host)).to_contain_text("a new value")
    look(plain, "settings-review")
    assert not overflow(plain)
    assert SECRET not in plain.content()
    plain.get_by_label("Reason").fill("For the journey")
    plain.get_by_role("button", name="Save").click()

    expect(plain.get_by_text("The settings are saved.")).to_be_visible()
    expect(plain.get_by_label("TCP port")).to_have_value(str(width))
    expect(plain.get_by_text("Set since").last).to_be_visible()
    assert SECRET not in plain.content()
    plain.get_by_role("link", name="history").click()
    expect(plain.get_by_text("For the journey").first).to_be_visible()
    look(plain, "settings-history")
    assert not overflow(plain)


def test_with_scripts_rows_come_and_go_in_place_and_the_keyboard_keeps_its_place(page: Page) -> None:
    sign_in(page, "platform")
    page.goto(REACHABILITY)
    page.evaluate("window.isTheSamePage = true")
    page.get_by_label("Path of the health check").fill("/typed")

    page.get_by_role("button", name="Add to Tokens by host").click()
    expect(page.get_by_role("textbox", name="Name")).not_to_have_count(0)
    page.get_by_label("Name").last.fill("b.example")
    page.get_by_role("button", name="Remove").last.click()

    expect(page.get_by_label("Name").and_(page.locator("[value='b.example']"))).to_have_count(0)
    expect(page.get_by_label("Path of the health check")).to_have_value("/typed")
    assert page.evaluate("window.isTheSamePage") is True
    expect(page.locator(":focus")).to_have_count(1)


def test_by_keyboard_alone_a_value_is_changed_and_reset(page: Page) -> None:
    sign_in(page, "acme-operator")
    page.goto(HELLO)
    page.get_by_label("Greeting").focus()

    page.keyboard.press("Control+A")
    page.keyboard.type("Good day")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Review the changes")).to_be_visible()
    page.get_by_label("Reason").focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_label("Greeting")).to_have_value("Good day")
    page.get_by_role("button", name=re.compile("Reset to inherited.*Greeting")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Greeting")).to_have_value("")
    page.get_by_label("Greeting").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("The settings are saved.")).to_be_visible()


def test_two_people_at_once_see_both_versions_and_choose(page: Page, browser: Browser, webnet: Server) -> None:
    other = browser.new_context(base_url=webnet.url).new_page()
    sign_in(page, "acme-operator")
    sign_in(other, "acme-admin")
    page.goto(HELLO)
    other.goto(HELLO)
    other.get_by_label("Greeting").fill("Theirs")
    other.get_by_label("Punctuation").select_option(label=".")
    other.get_by_role("button", name="Review the changes").click()
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("The settings are saved.")).to_be_visible()

    page.get_by_label("Greeting").fill("Mine")
    page.get_by_role("button", name="Review the changes").click()

    row = page.get_by_role("row", name="Greeting")
    expect(row).to_contain_text("Mine")
    expect(row).to_contain_text("Theirs")
    look(page, "settings-conflict")
    page.get_by_role("radio", name="Theirs").check()
    page.get_by_role("button", name="Edit the result").click()
    expect(page.get_by_label("Greeting")).to_have_value("Theirs")
    page.get_by_label("Greeting").fill("Ours")
    page.get_by_role("button", name="Review the changes").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Greeting")).to_have_value("Ours")
    expect(page.get_by_label("Punctuation")).to_have_value('"."')
    other.context.close()


def test_going_back_after_saving_shows_the_settings_as_they_are(page: Page) -> None:
    """Not the browser's question whether to send a form again, which it asks in its own words."""
    sign_in(page, "acme-operator")
    page.goto(HELLO)
    page.get_by_label("Greeting").fill("Saved")
    page.get_by_role("button", name="Review the changes").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()

    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))

    page.go_back()

    expect(page.get_by_role("heading", name="Settings of")).to_be_visible()
    expect(page.get_by_label("Greeting")).to_have_value("Saved")
    assert "POST" not in sent


def test_what_was_typed_is_not_left_behind_without_a_question(page: Page) -> None:
    asked = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    sign_in(page, "acme-operator")
    page.goto(HELLO)
    page.get_by_role("link", name="history").click()
    page.go_back()
    assert asked == []
    page.get_by_label("Greeting").click()
    page.keyboard.type("Typed")

    with page.expect_event("dialog"):
        page.get_by_role("link", name="history").click()

    expect(page.get_by_label("Greeting")).to_have_value(re.compile("Typed"))
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Review the changes").click()
    page.get_by_role("button", name="Change something else").click()
    expect(page.get_by_label("Greeting")).to_have_value(re.compile("Typed"))
    assert asked == ["beforeunload"]
    with page.expect_event("dialog"):
        page.get_by_role("link", name="history").click()
    expect(page.get_by_label("Greeting")).to_have_value(re.compile("Typed"))
    assert asked == ["beforeunload"] * 2
    page.get_by_role("link", name="Discard").click()
    expect(page.get_by_label("Greeting")).not_to_have_value(re.compile("Typed"))
    assert asked == ["beforeunload"] * 2


def test_after_a_refusal_the_keyboard_is_at_what_is_wrong(page: Page) -> None:
    sign_in(page, "platform")
    page.goto(REACHABILITY)
    page.get_by_label("TCP port").fill("a lot")

    page.get_by_role("button", name="Review the changes").click()

    expect(page.get_by_role("alert").filter(has_text="can't be saved")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("alert").get_by_role("link", name="TCP port")).to_be_focused()

    # A place on the same page leaves nothing: what was typed is still there when the form is sent again.
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#setting_port$"))
    page.reload()
    expect(page.get_by_label("TCP port")).to_have_value("a lot")
