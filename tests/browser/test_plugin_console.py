"""Two people at once with one plugin: one changes it, the other looks at its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import WAIT_MS, watch_policy
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

PLUGIN = "hello_world"
SWITCH = """mutation($on: Boolean!, $input: EnablePluginInput!, $off: DisablePluginInput!) {
    enablePlugin(input: $input) @include(if: $on) { __typename }
    disablePlugin(input: $off) @skip(if: $on) { __typename } }"""

CHECK = "mutation($input: CheckPluginHealthInput!) { checkPluginHealth(input: $input) { __typename } }"


@pytest.fixture(scope="module")
def operator(webnet: Server) -> Client:
    """The platform operator, who changes things by the API."""
    client = Client(webnet.url)
    client.sign_in("platform", DEMO_PASSWORD)
    return client


@pytest.fixture(autouse=True)
def _plugin_is_on(operator: Client) -> Iterator[None]:
    yield
    switch(operator, on=True)


def switch(operator: Client, *, on: bool, reason: str = "") -> None:
    """Enable or disable the plugin for everybody."""
    values: dict[str, Any] = {"plugin": PLUGIN, "reason": reason}
    answer = operator.post_graphql(SWITCH, on=on, input=values, off=values).json()
    assert answer["data"] in (
        {"enablePlugin": {"__typename": "EnablePluginPayload"}},
        {"disablePlugin": {"__typename": "DisablePluginPayload"}},
    )


@pytest.fixture
def open_as(browser: Browser, webnet: Server) -> Iterator[Callable[[str], Page]]:
    """A page of a new browser profile in which somebody is signed in; no page may break the policy."""
    contexts: list[BrowserContext] = []
    violations: list[list[str]] = []

    def open_one(username: str) -> Page:
        context = browser.new_context(base_url=webnet.url, viewport={"width": 380, "height": 860})
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        contexts.append(context)
        violations.append(watch_policy(context))
        page = context.new_page()
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [each for said in violations for each in said] == []


def test_activity_shows_what_another_one_does_without_loading_the_page_again(
    open_as: Callable[[str], Page], operator: Client
) -> None:
    page = open_as("platform")
    with page.expect_request("**/graphql/?query=subscription*"):
        page.goto(f"/plugins/{PLUGIN}/activity/")
    page.evaluate("document.body.dataset.loaded = 'once'")
    before = page.get_by_role("row").count()

    switch(operator, on=False, reason="It greets on Mondays")

    expect(page.get_by_role("row", name="It greets on Mondays")).to_contain_text("disable_plugin")
    expect(page.get_by_role("status")).to_contain_text("disable_plugin")
    switch(operator, on=True, reason="It greets again")
    expect(page.get_by_role("row", name="It greets again")).to_be_visible()
    assert page.get_by_role("row").count() == before + 2
    assert page.evaluate("document.body.dataset.loaded") == "once"


def test_a_customers_operator_sees_what_is_done_for_the_own_customer(
    open_as: Callable[[str], Page], operator: Client
) -> None:
    page = open_as("acme-operator")
    with page.expect_request("**/graphql/acme/?query=subscription*"):
        page.goto(f"/c/acme/manage/plugins/{PLUGIN}/activity/")

    for customer in ("globex", "acme"):
        answer = operator.post_graphql(CHECK, input={"plugin": PLUGIN, "customer": customer}).json()
        assert answer["data"]["checkPluginHealth"]["__typename"] == "CheckPluginHealthPayload"

    expect(page.get_by_role("row", name="check_plugin_health")).to_be_visible()
    # Another customer's is not among them.
    assert page.get_by_role("row", name="check_plugin_health").count() == 1


def test_a_member_who_looks_at_a_plugin_reads_calmly_that_it_was_switched_off(
    open_as: Callable[[str], Page], operator: Client
) -> None:
    page = open_as("acme-viewer")
    page.goto(f"/c/acme/manage/plugins/{PLUGIN}/")
    expect(page.get_by_text("It is on for Acme")).to_be_visible()

    switch(operator, on=False)
    page.get_by_role("link", name="Health").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Acme has no plugin “{PLUGIN}”")
    expect(page.get_by_text("Its settings and data are kept")).to_be_visible()
    page.get_by_role("link", name="Back to the dashboard").or_(
        page.get_by_role("link", name="See the plugins that there are")
    ).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    switch(operator, on=True)
    page.goto(f"/c/acme/manage/plugins/{PLUGIN}/")
    expect(page.get_by_text("It is on for Acme")).to_be_visible()


def test_whoever_sends_a_form_of_a_plugin_that_was_switched_off_is_told_why_nothing_came_of_it(
    open_as: Callable[[str], Page], operator: Client
) -> None:
    page = open_as("platform")
    page.goto(f"/c/acme/plugins/{PLUGIN}/")
    page.get_by_label("Name").fill("Ada")

    switch(operator, on=False)
    page.get_by_role("button", name="Greet").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Hello World is not on for Acme")
    expect(page.get_by_text("disabled for everybody").or_(page.get_by_text("disabled globally"))).to_be_visible()
    page.get_by_role("link", name="See the plugin").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello World")
