"""One's own account in a real browser, with and without scripts: a token, a password, and a session that ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.browser.test_console import look, overflow, sign_in
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]


@pytest.fixture(params=[(1280, True), (380, False)], ids=["wide with scripts", "narrow without"])
def page(request: pytest.FixtureRequest, browser: Browser, webnet: Server) -> Iterator[Page]:
    width, has_scripts = request.param
    viewport = {"width": width, "height": 860}
    context = browser.new_context(base_url=webnet.url, viewport=viewport, java_script_enabled=has_scripts)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", [(1280, True)], indirect=True)
def test_loading_the_page_of_a_new_token_again_sends_no_form(page: Page) -> None:
    name = "loaded again"
    sign_in(page, "acme-admin")
    page.goto("/account/tokens/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("status").locator("code")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))

    page.reload()

    expect(page.get_by_role("row", name=name)).to_have_count(1)
    expect(page.get_by_role("status").locator("code")).to_have_count(0)
    assert "GET" in sent and "POST" not in sent


def test_a_token_is_made_copied_used_and_revoked(page: Page, webnet: Server) -> None:
    name = f"robot {page.viewport_size['width']}"
    sign_in(page, "acme-admin")
    page.get_by_role("banner").get_by_role("link", name="acme-admin").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    look(page, "account")
    assert not overflow(page)
    page.get_by_role("navigation", name="Your account").get_by_role("link", name="API tokens").click()

    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Only for the customer").fill("acme")
    page.get_by_label("Highest role").select_option("VIEWER")
    page.get_by_role("button", name="Make the token").click()

    shown = page.get_by_role("status").locator("code")
    expect(shown).to_have_text(re.compile(r"^wn_\S{43}$"))
    secret = shown.inner_text()
    look(page, "token-made")
    assert not overflow(page)
    asked = Client(webnet.url).post_graphql(
        "{ viewer { user { username } } }", headers={"Authorization": f"Bearer {secret}"}
    )
    assert asked.json()["data"]["viewer"]["user"]["username"] == "acme-admin"

    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("Valid")
    assert secret not in page.content()
    page.goto("/c/acme/manage/tokens/")
    expect(page.get_by_role("row", name=name)).to_contain_text("viewer")
    look(page, "customer-tokens")
    assert not overflow(page)

    page.goto("/account/tokens/")
    row = page.get_by_role("row", name=name)
    # By keyboard alone.
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="was revoked")).to_be_visible()
    expect(page.get_by_role("row", name=name)).to_contain_text("Revoked")


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing_of_it(page: Page) -> None:
    username = f"sam-{page.viewport_size['width']}"
    sign_in(page, "platform")
    page.goto("/users/")
    look(page, "users")
    assert not overflow(page)
    new = page.locator("form", has=page.get_by_role("button", name="Create the user"))
    new.get_by_label("Username").fill(username)
    new.get_by_label("Name", exact=False).nth(1).fill("Sam <Doe>, ສະບາຍດີ")
    new.get_by_label("Email address").fill(f"{username}@example.com")
    page.context.clear_cookies(name="sessionid")

    new.get_by_role("button", name="Create the user").click()

    expect(page.get_by_role("heading", name="Sign in to go on")).to_be_visible()
    assert "Sam" not in page.content()
    look(page, "sign-in-again")
    assert not overflow(page)
    page.get_by_label("Username").fill("platform")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("this was not sent")
    expect(new.get_by_label("Email address")).to_have_value(f"{username}@example.com")
    look(page, "form-again")
    new.get_by_role("button", name="Create the user").click()

    expect(page).to_have_url(re.compile(f"/users/{username}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sam <Doe>, ສະບາຍດີ")
    look(page, "user")
    assert not overflow(page)


def test_signing_in_in_another_tab_loses_nothing_either(page: Page) -> None:
    sign_in(page, "platform")
    page.goto("/users/")
    new = page.locator("form", has=page.get_by_role("button", name="Create the user"))
    new.get_by_label("Username").fill("no name")
    new.get_by_label("Email address").fill("kept@example.com")
    page.context.clear_cookies(name="sessionid")
    other = page.context.new_page()
    sign_in(other, "platform")

    new.get_by_role("button", name="Create the user").click()
    page.get_by_role("button", name="Back to the form").click()

    expect(page.get_by_role("alert")).to_contain_text("this was not sent")
    expect(new.get_by_label("Email address")).to_have_value("kept@example.com")
