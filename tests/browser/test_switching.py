"""Switching plugins in a real browser, with the console's script and without: with a plan, for many, and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WAIT_MS
from tests.browser.looks import find_faults
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

PLUGINS = "hello_world,device_inventory,site_map"
# More than two chunks.
CUSTOMERS = 230
SWITCH = "/plugins/site_map/switch/"
OWN_INVENTORY = "/c/acme/manage/plugins/device_inventory/switch/"


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With plugins that need one another, and more customers than a page has."""
    with serve_webnet(tmp_path_factory.mktemp("webnet"), WEBNET_PLUGINS=PLUGINS) as server:
        client = Client(server.url)
        client.sign_in("platform", DEMO_PASSWORD)
        for number in range(CUSTOMERS):
            change(client, "createCustomer", slug=f"many-{number:03}", name=f"Many {number}")
        yield server


@pytest.fixture
def operator(webnet: Server) -> Client:
    """The platform's operator beside the browser; nothing but `hello_world` is enabled, and that for everybody."""
    client = Client(webnet.url)
    client.sign_in("platform", DEMO_PASSWORD)
    for customer in ("acme", "many-007"):
        change(client, "setPluginAvailability", plugin="device_inventory", customer=customer, availability=None)
    enable(client, "device_inventory")
    many = [f"many-{number:03}" for number in range(CUSTOMERS)]
    change(client, "setPluginForCustomers", plugin="device_inventory", customers=many, action="RESET", cascade=True)
    for name in ("site_map", "device_inventory"):
        change(client, "disablePlugin", plugin=name, disableDependents=True)
        change(client, "setPluginAvailability", plugin=name, availability="OFFERED")
        change(client, "resetCustomerPlugin", plugin=name, customer="acme")
    return client


@pytest.fixture
def plain(browser: Browser, webnet: Server) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    context = browser.new_context(base_url=webnet.url, java_script_enabled=False)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context.new_page()
    context.close()


@pytest.fixture(params=["page", "plain"])
def either(request: pytest.FixtureRequest) -> Page:
    """With the console's script, and without any."""
    page: Page = request.getfixturevalue(request.param)
    return page


def change(client: Client, mutation: str, **values: Any) -> None:
    kind = mutation[0].upper() + mutation[1:]
    document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ ... on Refusal {{ message }} }} }}"
    answer = client.post_graphql(document, input=values)
    assert answer.json()["data"][mutation] == {}, answer.text


def enable(client: Client, plugin: str, **more: Any) -> None:
    change(client, "enablePlugin", plugin=plugin, enableDependencies=True, **more)


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_plugin_is_found_planned_enabled_and_the_result_is_said(either: Page, operator: Client) -> None:
    sign_in(either, "platform")
    either.get_by_role("link", name="Plugins", exact=True).click()
    either.get_by_label("Name or description").fill("site")
    either.get_by_label("Name or description").press("Enter")
    expect(either.get_by_role("row")).to_have_count(2)
    either.get_by_role("link", name="Enable Site Map").click()

    plan = either.get_by_role("region", name="The plan")
    expect(plan.get_by_role("listitem").nth(0)).to_contain_text("Device Inventory is switched on. needed by it")
    expect(plan.get_by_role("listitem").nth(1)).to_contain_text("Site Map is switched on.")
    expect(plan).to_contain_text("Query.sites")
    plan.get_by_label("Reason").fill("Requested by sales")
    plan.get_by_role("button", name="Enable").click()

    expect(either.get_by_text("Site Map is enabled for everybody. Also changed: Device Inventory.")).to_be_visible()
    expect(either.get_by_role("main")).to_contain_text("Requested by sales")
    either.get_by_text("Show as GraphQL").click()
    expect(either.get_by_text("enablePlugin(input: $input)")).to_be_visible()


def test_a_member_switches_a_plugin_on_and_off_for_their_customer(either: Page, operator: Client) -> None:
    enable(operator, "site_map")
    sign_in(either, "acme-operator")
    either.goto("/c/acme/manage/plugins/")

    either.get_by_role("link", name="Switch on Site Map").click()
    either.get_by_role("button", name="Switch on").click()
    expect(either.get_by_text("Site Map is switched on. Also changed: Device Inventory.")).to_be_visible()
    either.get_by_role("link", name="All plugins").click()
    either.get_by_role("link", name="Switch off Device Inventory").click()
    expect(either.get_by_role("region", name="The plan")).to_contain_text("Site Map is switched off. needs it")
    either.get_by_role("button", name="Switch off").click()

    expect(either.get_by_text("Device Inventory is switched off. Also changed: Site Map.")).to_be_visible()


def test_a_list_follows_what_is_typed(page: Page, operator: Client) -> None:
    sign_in(page, "platform")
    page.goto("/plugins/")
    expect(page.get_by_role("row")).to_have_count(4)

    page.get_by_label("Name or description").press_sequentially("inven")

    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/plugins/\?.*q=inven"))
    expect(page.get_by_label("Name or description")).to_be_focused()
    page.get_by_label("For everybody").select_option("Enabled")
    expect(page.get_by_text("No plugin matches.")).to_be_visible()


def test_a_refusal_names_the_dependents_and_leads_to_them(either: Page, operator: Client) -> None:
    enable(operator, "site_map", availability="DEFAULT_ON")
    sign_in(either, "platform")
    either.goto(OWN_INVENTORY)

    either.get_by_label("Decide what this customer may choose").check()
    either.get_by_label("What may be chosen").select_option("WITHHELD")
    either.get_by_role("button", name="Show the plan").click()

    # The next Tab leads into it.
    expect(either.get_by_role("region", name="The plan")).to_be_focused()
    expect(either.get_by_role("alert")).to_contain_text("'site_map'")
    either.get_by_role("main").get_by_role("link", name="Site Map").click()
    expect(either.get_by_role("heading", name="Site Map")).to_be_visible()


def test_a_plan_that_somebody_else_has_overtaken_is_shown_anew(either: Page, operator: Client) -> None:
    enable(operator, "site_map")
    sign_in(either, "platform")
    either.goto("/plugins/device_inventory/switch/?action=DISABLE")
    change(operator, "disablePlugin", plugin="site_map")

    either.get_by_role("button", name="Disable").click()

    expect(either.get_by_role("alert")).to_contain_text("Something has changed since you looked at the plan")
    expect(either.get_by_text("is switched off.")).to_have_count(1)
    either.get_by_role("button", name="Disable").click()
    expect(either.get_by_text("Device Inventory is disabled for everybody.")).to_be_visible()


def choose_all(page: Page) -> None:
    sign_in(page, "platform")
    page.goto("/plugins/device_inventory/customers/?q=many-")
    expect(page.get_by_text(f"{CUSTOMERS} customers match.")).to_be_visible()
    page.get_by_label("For whom").select_option("all")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name=f"{CUSTOMERS} customers")).to_be_visible()


def test_many_customers_are_switched_and_the_bar_goes_on_by_itself(page: Page, operator: Client) -> None:
    enable(operator, "device_inventory")
    change(operator, "setPluginAvailability", plugin="device_inventory", customer="many-007", availability="WITHHELD")
    choose_all(page)

    page.get_by_role("button", name="Start").click()

    result = f"{CUSTOMERS} of {CUSTOMERS}: {CUSTOMERS - 1} changed, 0 were so already, 1 refused."
    expect(page.get_by_text(result)).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", CUSTOMERS)
    expect(page.get_by_role("listitem").filter(has_text="many-007")).to_contain_text("is withheld from")
    change(operator, "setPluginAvailability", plugin="device_inventory", customer="many-007", availability=None)

    # Neither sends the form again: that would switch for all once more.
    page.reload()
    expect(page.get_by_text(f"{CUSTOMERS} customers match.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(f"{CUSTOMERS} customers match.")).to_be_visible()


def test_many_customers_are_switched_by_a_button_without_scripts(plain: Page, operator: Client) -> None:
    """With a reload in between, which sends the same chunk again."""
    enable(operator, "device_inventory")
    everybody = [f"many-{number:03}" for number in range(CUSTOMERS)]
    change(operator, "setPluginForCustomers", plugin="device_inventory", customers=everybody, action="RESET")
    choose_all(plain)

    plain.get_by_role("button", name="Start").click()
    expect(plain.get_by_text(f"100 of {CUSTOMERS}: 100 changed, 0 were so already, 0 refused.")).to_be_visible()
    plain.reload()
    expect(plain.get_by_text(f"100 of {CUSTOMERS}: 0 changed, 100 were so already, 0 refused.")).to_be_visible()
    plain.get_by_role("button", name="Continue").click()
    expect(plain.get_by_text(f"200 of {CUSTOMERS}: 100 changed, 100 were so already, 0 refused.")).to_be_visible()
    plain.get_by_role("button", name="Continue").click()

    result = f"Done. {CUSTOMERS} of {CUSTOMERS}: {CUSTOMERS - 100} changed, 100 were so already, 0 refused."
    expect(plain.get_by_text(result)).to_be_visible()
    expect(plain.get_by_role("button", name="Continue")).to_have_count(0)


def test_a_plan_and_a_run_are_accessible_and_fit_a_telephone(page: Page, operator: Client, axe: Path) -> None:
    """Pages that no link leads to, or not with these parts."""
    enable(operator, "site_map", availability="DEFAULT_ON")
    sign_in(page, "platform")
    page.goto("/plugins/device_inventory/switch/?action=DISABLE")
    faults = find_faults(page, axe)
    page.goto("/plugins/site_map/customers/?q=many-00")
    page.get_by_label("Choose Many 1", exact=True).check()
    page.get_by_label("What to do").select_option("Switch off")
    page.get_by_role("button", name="Continue").click()
    faults += find_faults(page, axe)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("1 of 1: 1 changed")).to_be_visible()
    faults += find_faults(page, axe)

    assert faults == []
