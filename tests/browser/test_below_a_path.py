"""GraphiQL and the console in a real browser, behind a proxy that has webnet under /webnet/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.databases import with_files_of_its_own
from tests.proxies import serve_below
from tests.servers import DEMO_PASSWORD, Server, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The proxy, which is all that the browser sees."""
    folder = tmp_path_factory.mktemp("webnet")
    with serve_webnet(folder, SCRIPT_NAME="/webnet") as server, serve_below(server, folder / "nginx") as proxy:
        yield proxy


def test_graphiql_and_the_console_are_whole_below_a_path(page: Page, webnet: Server) -> None:
    loaded: list[str] = []
    page.on("worker", lambda worker: loaded.append(worker.url))
    page.goto("/webnet/graphql/")
    page.get_by_label("Username").fill("platform")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".graphiql-execute-button[aria-haspopup=menu]").click()

    page.get_by_role("menuitem", name="WhoAmI").click()

    expect(page.locator(".result-window")).to_contain_text('"isPlatformOperator": true')
    worker = f"{webnet.url}/webnet/static/webnet/graphiql/graphql.worker.js"
    if worker not in loaded:  # The editor starts it when it has nothing else to do.
        page.wait_for_event("worker", lambda each: each.url == worker)
    page.get_by_role("link", name="webnet", exact=True).click()
    expect(page).to_have_url(f"{webnet.url}/webnet/")
    expect(page.locator("header.bar")).to_have_css("display", "flex")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{webnet.url}/webnet/sign-in/")
