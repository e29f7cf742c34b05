"""GraphiQL in a real browser: sign in, ask, switch a plugin on, see the result, with no other host asked."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import is_stray
from tests.browser.test_console import look, overflow
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

# Ends when the browser's storage has the tab, which is a moment after it was written.
KEPT = """async () => {
  while (!localStorage["graphiql:tabState"]?.includes("query Mine")) {
    await new Promise(requestAnimationFrame);
  }
}"""


def sign_in(page: Page, username: str) -> None:
    page.goto("/graphql/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def run_operation(page: Page, name: str) -> None:
    """Run one of the first tab's operations; the button has a menu once the editor knows that there are several."""
    page.locator(".graphiql-execute-button[aria-haspopup=menu]").click()
    page.get_by_role("menuitem", name=name).click()


def write(page: Page, operation: str) -> None:
    """Put something else into the first tab."""
    expect(page.locator(".graphiql-query-editor")).to_contain_text("Welcome to webnet")
    page.get_by_role("region", name="Operation Editor").get_by_role("textbox").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(operation)


def test_a_visitor_is_led_to_the_sign_in_page(page: Page, webnet: Server) -> None:
    page.goto("/graphql/")

    expect(page).to_have_url(f"{webnet.url}/sign-in/?next=/graphql/")


def test_an_operator_signs_in_asks_and_switches_a_plugin_on(page: Page, webnet: Server) -> None:
    sign_in(page, "platform")
    expect(page).to_have_url(f"{webnet.url}/graphql/")
    expect(page.get_by_role("banner")).to_contain_text("Signed in as platform")

    run_operation(page, "WhoAmI")
    expect(page.locator(".result-window")).to_contain_text('"isPlatformOperator": true')
    look(page, "graphiql")
    run_operation(page, "InstalledPlugins")
    expect(page.locator(".result-window")).to_contain_text('"name": "device_inventory"')
    run_operation(page, "EnableDevices")
    expect(page.locator(".result-window")).to_contain_text('"enabled": true')

    operator = Client(webnet.url)
    operator.sign_in("platform", DEMO_PASSWORD)
    seen = operator.post_graphql('{ plugin(name: "device_inventory") { enabled } }').json()
    assert seen == {"data": {"plugin": {"enabled": True}}}


def test_who_may_not_switch_it_on_reads_why(page: Page) -> None:
    sign_in(page, "acme-viewer")

    run_operation(page, "EnableDevices")

    expect(page.locator(".result-window")).to_contain_text('"code": "OPERATORS_ONLY"')


def test_the_editor_knows_the_schema_and_its_workers_come_from_this_server(page: Page, webnet: Server) -> None:
    loaded: list[str] = []
    page.on("worker", lambda worker: loaded.append(worker.url))
    sign_in(page, "platform")

    # A field that the schema does not have is underlined, by the worker that validates.
    write(page, "{ noSuchField }")

    expect(page.locator(".graphiql-query-editor .squiggly-error")).to_be_visible()
    assert f"{webnet.url}/static/webnet/graphiql/graphql.worker.js" in loaded
    assert all(url.startswith(webnet.url) for url in loaded)


def test_tabs_are_kept_in_the_browser(page: Page) -> None:
    sign_in(page, "platform")
    write(page, "query Mine { viewer { isPlatformOperator } }")
    expect(page.get_by_role("tab", name="Mine")).to_be_visible()

    page.reload()

    expect(page.locator(".graphiql-query-editor")).to_contain_text("query Mine")


def test_what_was_pasted_runs_at_once(page: Page) -> None:
    sign_in(page, "platform")
    run_operation(page, "WhoAmI")
    expect(page.locator(".result-window")).to_contain_text('"isPlatformOperator": true')

    # Before the editor knows that the operation of that name is gone.
    write(page, "query { plugins(first: 1) { edges { node { name } } } }")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".result-window")).to_contain_text('"name": "device_inventory"')


def test_signing_out_is_one_click(page: Page) -> None:
    sign_in(page, "acme-viewer")

    page.get_by_role("button", name="Sign out").click()
    page.goto("/graphql/")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_view_of_another_customer_is_chosen_in_the_bar(page: Page, webnet: Server) -> None:
    sign_in(page, "platform")
    view = page.get_by_role("banner").locator("details.views")
    expect(view.locator("summary")).to_have_text("View of All customers")

    view.locator("summary").click()
    view.get_by_role("link", name="Acme").click()

    expect(page).to_have_url(f"{webnet.url}/graphql/acme/")
    expect(view.locator("summary")).to_have_text("View of Acme")
    view.locator("summary").click()
    view.get_by_role("link", name="All customers").click()
    expect(page).to_have_url(f"{webnet.url}/graphql/")


def test_what_a_page_ran_is_opened_beside_the_tabs_that_are_there(page: Page, webnet: Server) -> None:
    sign_in(page, "platform")
    write(page, "query Mine { viewer { isPlatformOperator } }")
    page.evaluate(KEPT)
    page.goto("/customers/?q=glo")

    page.get_by_text("Show as GraphQL").click()
    page.get_by_role("link", name="Open in GraphiQL").click()

    expect(page).to_have_url(f"{webnet.url}/graphql/")
    expect(page.get_by_role("tab", name="Customers")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Mine")).to_be_visible()
    page.get_by_role("region", name="Operation Editor").get_by_role("textbox").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".result-window")).to_contain_text('"slug": "globex"')
    expect(page.locator(".result-window")).not_to_contain_text('"slug": "acme"')


def test_a_browser_without_tabs_opens_what_the_address_has(page: Page) -> None:
    sign_in(page, "platform")
    page.evaluate("localStorage.clear()")

    page.goto("/graphql/acme/#query=query+Given+%7B+viewer+%7B+isPlatformOperator+%7D+%7D")

    expect(page.locator(".graphiql-query-editor")).to_contain_text("query Given")
    expect(page.get_by_role("tab", name="WhoAmI")).to_be_visible()


def test_on_a_telephone_the_answer_is_below_the_editor(page: Page) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    sign_in(page, "platform")
    run_operation(page, "WhoAmI")
    expect(page.locator(".result-window")).to_contain_text('"isPlatformOperator": true')
    look(page, "graphiql")

    editor = page.get_by_role("region", name="Operation Editor").bounding_box()
    answer = page.locator(".result-window").bounding_box()

    assert editor is not None and answer is not None
    assert editor["y"] + editor["height"] <= answer["y"]
    assert min(editor["width"], answer["width"]) > 300 and min(editor["height"], answer["height"]) > 200
    assert not overflow(page)
    # Nothing is below GraphiQL.
    assert page.evaluate("document.documentElement.scrollHeight === document.body.offsetHeight")

    # The documentation opens above them, and takes no room from them.
    page.get_by_label("Show Documentation Explorer").click()
    expect(page.locator(".graphiql-plugin")).to_be_visible()
    parts = [page.locator(f".graphiql-{name}").bounding_box() for name in ("plugin", "editors", "response")]
    assert all(part is not None and part["height"] > 400 for part in parts), parts
    tools = page.get_by_role("region", name="Operation Editor").bounding_box()
    assert tools is not None and parts[2] is not None and tools["y"] + tools["height"] <= parts[2]["y"]
    look(page, "graphiql-documentation")


def test_a_request_to_another_host_would_be_seen(browser: Browser, webnet: Server) -> None:
    """The negative control of every test above; without the policy, which would block it before."""
    context = browser.new_context(base_url=webnet.url, bypass_csp=True)
    strays: list[str] = []
    context.on("request", lambda request: strays.append(request.url) if is_stray(request, webnet) else None)
    page = context.new_page()
    page.goto("/sign-in/")

    page.evaluate("fetch('https://cdn.example/graphiql.js').catch(() => null)")
    context.close()

    assert strays == ["https://cdn.example/graphiql.js"]
