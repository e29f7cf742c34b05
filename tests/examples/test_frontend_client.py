"""The front end does what its README says: built from this commit, in a real browser, from another origin than webnet.

webnet runs the documents of this build alone, and is restarted while the page is open.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.conftest import SWITCHES, find_chromium
from tests.databases import with_files_of_its_own
from tests.node import FRONTEND_CLIENT, install_clients, run_script
from tests.servers import DEMO_PASSWORD, find_free_port, run_command, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

WAIT_MS = 60_000
LIMIT_SECONDS = 240
PLUGINS = "hello_world,device_inventory,site_map,reachability"
GENERATED = FRONTEND_CLIENT / "src/gql"
APPLICATION = "frontend_client"
# Two host names of one site, so that the session's cookie is sent.
API, PAGE = "api.example.test", "app.example.test"
NARROW, WIDE = {"width": 380, "height": 800}, {"width": 1280, "height": 860}
FITS = "document.documentElement.scrollWidth <= innerWidth"


@dataclass
class Site:
    """A webnet of which only the client's documents are trusted, and its page on another host name."""

    data_dir: Path
    page_port: int
    port: int = field(default_factory=find_free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def origin(self) -> str:
        return f"http://{PAGE}:{self.page_port}"

    @property
    def api(self) -> str:
        return f"http://{API}:{self.port}/graphql/"

    def start(self) -> None:
        settings = {
            "PORT": str(self.port),
            "WEBNET_ALLOWED_HOSTS": API,
            "WEBNET_CORS_ORIGINS": self.origin,
            "WEBNET_PLUGINS": PLUGINS,
            "WEBNET_TRUSTED_DOCUMENTS_ONLY": "1",
        }
        self._running.enter_context(serve_webnet(self.data_dir, **settings))

    def stop(self) -> None:
        self._running.close()

    def run(self, *command: str) -> None:
        done = run_command(*command, data_dir=self.data_dir, WEBNET_PLUGINS=PLUGINS)
        assert done.returncode == 0, done.stderr


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing among the tests' own output."""

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder with its packages."""
    return install_clients(tmp_path_factory.mktemp("frontend"), FRONTEND_CLIENT)


@pytest.fixture(scope="module")
def site(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Built, trusted and served."""
    done = run_script(home, "build", limit_seconds=LIMIT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = home / "dist"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as pages:
        thread = Thread(target=pages.serve_forever, args=(0.01,))
        thread.start()
        site = Site(tmp_path_factory.mktemp("site"), page_port=pages.server_port)
        configuration = {"api": site.api, "customer": "acme", "pageSize": 3}
        (folder / "config.json").write_text(json.dumps(configuration))
        try:
            site.start()
            site.run("trust_documents", str(GENERATED / "persisted-documents.json"), "--application", APPLICATION)
            site.run("enable_plugin", "site_map", "--with-dependencies")
            site.run("enable_plugin", "reachability")
            yield site
        finally:
            site.stop()
            pages.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(SWITCHES))
        yield browser
        browser.close()


@dataclass(frozen=True)
class Seen:
    """What pages have asked for and said."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def seen(site: Site) -> Iterator[Seen]:
    """The test fails if a page asks another host, or if one complains of what the test does not take away."""
    seen = Seen()
    yield seen
    known = {urlsplit(address).netloc for address in (site.origin, site.api)}
    strays = [url for url in seen.requests if not url.startswith("data:") and urlsplit(url).netloc not in known]
    assert seen.requests and strays == []
    assert seen.errors == []


@pytest.fixture
def sign_in(browser: Browser, site: Site, seen: Seen) -> Iterator[Callable[..., Page]]:
    """Opens the page in a profile of its own, and signs in by keyboard."""
    contexts: list[BrowserContext] = []

    def sign_in(username: str, **options: Any) -> Page:
        context = browser.new_context(base_url=site.origin, **{"viewport": WIDE, **options})
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        context.on("request", lambda request: seen.requests.append(request.url))
        context.on("weberror", lambda error: seen.errors.append(str(error.error)))
        context.on("console", lambda said: seen.errors.append(said.text) if said.type in ("warning", "error") else None)
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Acme")).to_be_visible()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def expect_live(page: Page) -> None:
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def open_settings(page: Page, plugin: str) -> None:
    page.get_by_role("button", name=f"Settings of {plugin}").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def save(page: Page, button: str = "Save") -> None:
    page.get_by_role("button", name=button, exact=True).click()


def read_texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_what_is_generated_is_of_this_commits_schema_and_documents(home: Path, tmp_path: Path) -> None:
    schema = FRONTEND_CLIENT / "schema.graphql"
    captured = run_command("export_schema", "--all", "--check", str(schema), data_dir=tmp_path, WEBNET_PLUGINS=PLUGINS)
    assert captured.returncode == 0, f"{captured.stdout}{captured.stderr}\nRun `make schema`."

    done = run_script(home, "codegen", limit_seconds=LIMIT_SECONDS)

    assert done.returncode == 0, done.stdout + done.stderr
    advice = "Run `npm ci && npm run codegen` in examples/frontend_client."
    assert read_texts(home / "src/gql") == read_texts(GENERATED), advice


def test_its_documents_are_valid_with_and_without_plugins(tmp_path: Path) -> None:
    documents = FRONTEND_CLIENT / "src/documents"

    checked = run_command("check_documents", str(documents), data_dir=tmp_path, WEBNET_PLUGINS=PLUGINS)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert '@ifPlugin(name: "device_inventory")' in (documents / "customer.graphql").read_text()


@pytest.mark.parametrize("script", ["typecheck", "test"])
def test_its_types_fit_and_its_own_tests_pass(home: Path, script: str) -> None:
    done = run_script(home, script, limit_seconds=LIMIT_SECONDS)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_other_document_runs(site: Site) -> None:
    body = json.dumps({"query": "{ viewer { user { username } } }"}).encode()
    headers = {"Content-Type": "application/json", "Host": f"{API}:{site.port}", "Origin": site.origin}
    request = urllib.request.Request(f"http://127.0.0.1:{site.port}/graphql/", data=body, headers=headers)

    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LIMIT_SECONDS) as answer:
        (error,) = json.load(answer)["errors"]

    assert error["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


def test_plugins_have_pages_and_switches_and_each_change_is_seen_elsewhere(sign_in: Callable[..., Page]) -> None:
    page, other = sign_in("acme-admin"), sign_in("acme-operator")
    for each in (page, other):
        expect_live(each)
        expect(each.get_by_role("switch")).to_have_count(3)
        each.get_by_role("button", name="More plugins").click()
        expect(each.get_by_role("switch")).to_have_count(4)
        expect(each.get_by_role("button", name="More plugins")).to_have_count(0)
    item = page.get_by_role("listitem", name="Site Map")
    expect(item).to_contain_text("1.0.0")
    expect(item).to_contain_text("'acme' has not switched 'site_map' on.")
    expect(page.get_by_text("0 devices")).to_have_count(0)

    page.get_by_role("switch", name="Site Map").focus()
    page.keyboard.press("Space")
    expect(item.get_by_role("alert")).to_contain_text("It needs “device_inventory”, which must be on as well.")
    page.get_by_role("button", name="Switch on with what it needs").click()

    for each in (page, other):
        expect(each.get_by_role("switch", name="Site Map")).to_have_attribute("aria-checked", "true")
        expect(each.get_by_role("switch", name="Device Inventory")).to_have_attribute("aria-checked", "true")
        expect(each.get_by_role("log")).to_contain_text("acme-admin switched on site_map")
        # Of a field that exists only now.
        expect(each.get_by_text("0 devices")).to_be_visible()
    expect(item.get_by_role("alert")).to_have_count(0)


def test_settings_have_errors_at_their_fields_and_conflicts_are_decided(sign_in: Callable[..., Page]) -> None:
    first, second = sign_in("acme-admin"), sign_in("acme-operator")
    for page in (first, second):
        open_settings(page, "Hello World")

    greeting = first.get_by_label("Greeting")
    greeting.fill("x" * 41)
    save(first)
    expect(first.get_by_role("alert")).to_contain_text("1 value was not accepted")
    expect(greeting).to_have_accessible_description(re.compile("must have at most 40 characters"))
    greeting.fill("Salut")
    first.get_by_label("Punctuation").select_option(label=".")
    save(first)
    expect(first.get_by_text("Saved.")).to_be_visible()

    second.get_by_label("Greeting").fill("Moin")
    save(second)
    expect(second.get_by_role("alert")).to_contain_text("acme-admin has changed these settings")
    expect(second.get_by_label("Saved by acme-admin Salut")).not_to_be_checked()
    expect(second.get_by_label("Saved by acme-admin .")).to_be_checked()
    expect(second.get_by_role("button", name="Save these choices")).to_be_disabled()
    second.get_by_label("Yours Moin").check()
    save(second, "Save these choices")
    expect(second.get_by_text("Saved.")).to_be_visible()

    second.keyboard.press("Escape")
    expect(second.get_by_role("dialog")).to_have_count(0)
    open_settings(second, "Hello World")
    expect(second.get_by_label("Greeting")).to_have_value("Moin")
    # What only the other one has changed.
    expect(second.get_by_label("Punctuation").locator("option:checked")).to_have_text(".")


def test_secrets_are_stored_and_never_come_back(sign_in: Callable[..., Page]) -> None:
    page = sign_in("acme-admin", viewport=NARROW, color_scheme="dark")
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.text()) if is_data(answer.headers) else None)
    open_settings(page, "Reachability")

    page.get_by_role("button", name="Add").click()
    page.get_by_label("Name").fill("core-1")
    page.get_by_label("Name").blur()
    secret = page.locator("input[type=password]")
    secret.fill("s3cret-token")
    save(page)
    expect(page.get_by_text("Saved.")).to_be_visible()

    expect(page.get_by_text("Tokens by host: core-1")).to_be_visible()
    expect(secret).to_have_count(0)
    assert page.evaluate(FITS)
    page.get_by_role("button", name="Remove Tokens by host: core-1").click()
    expect(page.get_by_text("Tokens by host: core-1")).to_have_count(0)
    assert answers and not any("s3cret" in answer for answer in answers)


def is_data(headers: dict[str, str]) -> bool:
    return "json" in headers.get("content-type", "")


def test_activity_goes_on_after_a_restart_with_what_happened_meanwhile(
    sign_in: Callable[..., Page], site: Site, seen: Seen
) -> None:
    page = sign_in("acme-admin")
    expect_live(page)

    site.stop()
    try:
        expect(page.get_by_text("Connecting again …")).to_be_visible()
        second = page.context.new_page()
        second.goto("/")
        expect(second.get_by_role("alert")).to_contain_text("webnet can't be reached.")
        site.run("disable_plugin", "hello_world", "--customer", "acme")
    finally:
        site.start()

    second.get_by_role("button", name="Try again").click()
    expect(second.get_by_role("switch").first).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("switched off hello_world")
    expect_live(page)
    expect(page.get_by_role("switch", name="Hello World")).to_have_attribute("aria-checked", "false")
    page.get_by_role("switch", name="Hello World").click()
    expect(page.get_by_role("log")).to_contain_text("acme-admin switched on hello_world")
    # That webnet was not there is what the browser says, and nothing else.
    cut = [error for error in seen.errors if "net::ERR_" in error]
    assert cut and seen.errors == cut
    seen.errors.clear()


def test_who_signs_out_in_one_tab_is_signed_out_in_all(sign_in: Callable[..., Page]) -> None:
    page = sign_in("acme-operator")
    expect_live(page)
    second = page.context.new_page()
    second.goto("/")

    second.get_by_role("button", name="Sign out").click()

    expect(page.get_by_text("You are not signed in any more.")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_visible()


def test_viewers_see_everything_and_change_nothing_until_they_sign_out(sign_in: Callable[..., Page]) -> None:
    page = sign_in("acme-viewer", viewport=NARROW)
    expect(page.get_by_role("switch").first).to_be_disabled()
    expect(page.get_by_text("Operators and admins see here what happens.")).to_be_visible()
    assert page.evaluate(FITS)

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_label("Username")).to_be_visible()
    assert page.evaluate(FITS)
    page.reload()
    page.get_by_label("Username").fill("acme-viewer")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The username or the password is wrong.")
