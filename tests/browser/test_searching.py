"""Searching while typing, in a real browser: users, and the customer switcher of every page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_console import look, sign_in
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

CREATE = """mutation($input: CreateCustomerInput!) {
    createCustomer(input: $input) { ... on CreateCustomerPayload { customer { slug } } } }"""


def test_users_are_found_while_somebody_types(page: Page) -> None:
    sign_in(page, "platform")
    page.goto("/users/")
    search = page.get_by_label("Username, name or email address")

    search.press_sequentially("viewer")

    expect(page.locator("#users tbody tr")).to_have_count(1)
    expect(page.locator("#users tbody")).to_contain_text("acme-viewer")
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"/users/\?q=viewer&active=$"))
    search.fill("nobody at all")
    expect(page.locator("#users")).to_contain_text("No user matches.")
    search.fill("")
    page.get_by_label("Shown").select_option("Inactive")
    expect(page.locator("#users")).to_contain_text("No user matches.")


def test_the_switcher_finds_one_of_many_customers(page: Page, webnet: Server) -> None:
    platform = Client(webnet.url)
    platform.sign_in("platform", DEMO_PASSWORD)
    for number in range(30):
        names = {"slug": f"customer-{number:02}", "name": f"Customer {number:02} of many with a rather long name"}
        platform.post_graphql(CREATE, input=names)
    sign_in(page, "platform")
    page.goto("/account/tokens/")
    page.locator("summary").filter(has_text="Choose a customer").click()
    look(page, "switcher")

    page.get_by_label("Find a customer").press_sequentially("customer 29")

    expect(page.locator("#switcher-choices a")).to_have_count(1)
    page.get_by_role("link", name="Customer 29 of many").click()
    expect(page).to_have_url(f"{webnet.url}/c/customer-29/")
    page.locator("summary").filter(has_text="Customer 29").click()
    page.get_by_label("Find a customer").fill("customer 1")
    page.get_by_label("Find a customer").press("Enter")
    expect(page).to_have_url(re.compile(r"/customers/\?q=customer\+1$"))
