"""A real Chromium before a real server, in a machine that it can't leave."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect, sync_playwright

from tests.node import AXE, install_clients
from tests.once import folder_of_run, make_once
from tests.servers import Server, serve_webnet

__all__ = ["folder_of_run"]
WAIT_MS = 30_000
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name is looked up, whoever asks: a page, a worker or the browser itself. Those of tests are this machine.
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


# For one module at a time: while Playwright runs, Django takes its thread for an asynchronous one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def first_start(folder_of_run: Path) -> Path:
    """The data directory that the first start of `manage.py run` leaves."""

    def start(data_dir: Path) -> None:
        with serve_webnet(data_dir):
            pass

    return make_once(folder_of_run, "first-start", start)


@pytest.fixture(scope="module")
def data_dir(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it for one module."""
    return shutil.copytree(first_start, tmp_path_factory.mktemp("webnet"), dirs_exist_ok=True)


@pytest.fixture(scope="module")
def webnet(data_dir: Path) -> Iterator[Server]:
    """`manage.py run` with demo data."""
    with serve_webnet(data_dir) as server:
        yield server


@pytest.fixture(scope="session")
def axe(folder_of_run: Path) -> Path:
    """axe-core's script."""
    folder = make_once(folder_of_run, "axe", partial(install_clients, package=AXE))
    return folder / "clients" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(params=[1280, 380], ids=["wide", "narrow"])
def plain(request: pytest.FixtureRequest, browser: Browser, webnet: Server) -> Iterator[Page]:
    """A page in a browser that runs no scripts."""
    viewport = {"width": request.param, "height": 860}
    context = browser.new_context(base_url=webnet.url, viewport=viewport, java_script_enabled=False)
    expect.set_options(timeout=30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser: Browser, webnet: Server) -> Iterator[Page]:
    """A page of a new browser profile; the test fails if it asks another host, breaks the policy, or a script fails."""
    context = browser.new_context(base_url=webnet.url, viewport={"width": 1280, "height": 860})
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    strays: list[str] = []
    failures: list[str] = []

    def stop_strays(route: Route) -> None:
        if is_stray(route.request, webnet):
            strays.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    context.route("**/*", stop_strays)
    context.on("request", lambda request: strays.append(request.url) if is_stray(request, webnet) else None)
    context.on("weberror", lambda error: failures.append(str(error.error)))
    violations = watch_policy(context)
    yield context.new_page()
    context.close()
    assert strays == []
    assert failures == []
    assert violations == []


def find_chromium() -> str:
    """Debian's Chromium; without one the tests are skipped, or fail where TEST_REQUIRE_BROWSER is set."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "There is no Chromium: install Debian's package 'chromium'."
        if os.environ.get("TEST_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    return chromium


def watch_policy(context: BrowserContext) -> list[str]:
    """What the browser will say about the Content-Security-Policy and the Permissions-Policy of pages."""
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if "Policy" in message.text else None)
    return said


def is_stray(request: Request, server: Server) -> bool:
    """Whether a request is for anybody but the server under test."""
    address = urlsplit(request.url)
    return address.scheme not in ("data", "blob") and address.netloc != f"{server.host}:{server.port}"
