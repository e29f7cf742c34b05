"""The HTML of a plugin's widget, in a real browser with htmx: scripts and `hx-*` attributes in it do nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_console import overflow, sign_in
from tests.databases import with_files_of_its_own
from tests.servers import Server, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

ASKED = "/healthz"
WIDE = f"<pre>{'wide ' * 100}</pre>"
HOSTILE = f"""{WIDE}<p id="kept">Kept</p>
<div hx-get="{ASKED}?1" hx-trigger="load">a</div><div data-hx-get="{ASKED}?2" data-hx-trigger="load">b</div>
<span hx-get="{ASKED}?3" hx-trigger="load" hx-on:htmx:load="window.ran = 1">c</span>
<script>window.ran = 2</script><img src="x" onerror="window.ran = 3">
<a href="javascript:window.ran = 4" hx-boost="true">d</a><iframe srcdoc="<script>parent.ran = 5</script>"></iframe>"""
PLUGIN = f'''"""A plugin whose widget tries everything."""

from webnet.plugins.base import DashboardWidget, PluginBase

HTML = {HOSTILE!r}
NAMES = "abcdefghijklmnopqrst"


class Plugin(PluginBase):
    name = "sly"
    version = "1.0"

    def get_dashboard_widgets(self):
        return [
            DashboardWidget(name="sly", title="Sly", html=lambda: HTML),
            DashboardWidget(name="broken", title="Broken", data=lambda: 1 / 0),
            DashboardWidget(name="wide", title="Wide", data=lambda: [dict.fromkeys(NAMES, "a word")]),
        ]
'''
ENABLE = """mutation { enablePlugin(input: {plugin: "sly", availability: DEFAULT_ON}) { __typename } }"""


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "sly").mkdir()
    (folder / "sly/__init__.py").touch()
    (folder / "sly/plugin.py").write_text(PLUGIN)
    home = tmp_path_factory.mktemp("webnet")
    with serve_webnet(home, WEBNET_PLUGINS="hello_world,sly", PYTHONPATH=str(folder)) as server:
        yield server


@pytest.fixture
def asked(page: Page, webnet: Server) -> list[str]:
    """The requests of the dashboard that a widget's attributes would cause; the plugin is on."""
    sign_in(page, "platform")
    expect(page.get_by_role("heading", name="Things to do")).to_be_visible()
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    answer = page.request.post("/graphql/", data={"query": ENABLE}, headers={"X-CSRFToken": token})
    assert answer.json() == {"data": {"enablePlugin": {"__typename": "EnablePluginPayload"}}}
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if ASKED in request.url else None)
    return found


def open_dashboard(page: Page) -> None:
    page.goto("/c/acme/")
    page.wait_for_load_state("networkidle")


def replace(page: Page, old: str, new: str) -> None:
    """Change what the server answers, as if nothing had sanitised it."""

    def change(route: Route) -> None:
        real = route.fetch()
        assert old in real.text()
        route.fulfill(response=real, body=real.text().replace(old, new))

    page.route("**/c/acme/", change)


def test_what_a_widget_sends_is_shown_and_does_nothing(page: Page, asked: list[str]) -> None:
    open_dashboard(page)

    widget = page.get_by_role("region", name="Sly")
    expect(widget.locator(".html")).to_contain_text("Kept")
    assert widget.locator(".html").evaluate("(element) => element.innerHTML.includes('hx-')") is False
    assert widget.locator("script, iframe, [onerror], [href^='javascript']").count() == 0
    assert (asked, page.evaluate("window.ran ?? null")) == ([], None)


def test_what_is_wide_in_a_widget_is_scrolled_to_and_no_word_is_broken(page: Page, asked: list[str]) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    open_dashboard(page)

    assert not overflow(page)
    cell = page.get_by_role("region", name="Wide").get_by_role("cell").first
    assert cell.evaluate("(element) => element.clientWidth > 30")


def test_a_widget_that_fails_is_named_and_the_others_are_shown(page: Page, asked: list[str]) -> None:
    open_dashboard(page)

    expect(page.get_by_role("region", name="Broken")).to_contain_text("The widget 'broken' of 'sly' failed.")
    expect(page.get_by_role("region", name="Greeting")).to_contain_text("Hello, Acme!")


def test_attributes_of_htmx_would_do_nothing_in_a_widget_even_if_they_were_let_through(
    page: Page, asked: list[str]
) -> None:
    attributes = f'<div hx-get="{ASKED}?in" hx-trigger="load"></div>'
    replace(page, "<p>Kept</p>", f"<p>Kept</p>{attributes}")

    open_dashboard(page)

    expect(page.locator(".html [hx-get]")).to_be_attached()
    assert asked == []


def test_outside_of_a_widget_the_same_attributes_ask(page: Page, asked: list[str]) -> None:
    """The negative control: htmx is there, and works."""
    attributes = f'<div hx-get="{ASKED}?out" hx-trigger="load"></div>'
    replace(page, '<div class="cards">', f'{attributes}<div class="cards">')

    open_dashboard(page)

    assert [each.rpartition("?")[2] for each in asked] == ["out"]
