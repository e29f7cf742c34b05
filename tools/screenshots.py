"""Takes the pictures of the console that README.md and the documentation show: `python tools/screenshots.py`.

It serves webnet with made data from a folder of its own, and looks at each page with Chromium, at the width of a
computer and of a telephone, in light and in dark. It needs Debian's package `chromium`. Look at each picture before you
commit it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import SWITCHES, find_chromium  # noqa: E402 - the checkout is on the path from here on
from tests.browsing import Client  # noqa: E402
from tests.servers import DEMO_PASSWORD, Server, serve_webnet  # noqa: E402
from tools.screenshot_data import PLUGINS, make_data  # noqa: E402
from tools.small_png import shrink  # noqa: E402

FOLDER = Path("docs/images/console")
WIDTHS = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 380, "height": 760}}
SCHEMES = ("light", "dark")
# What the documents show; all others are for looking at.
SHOWN = {("wide", "light"), ("narrow", "dark")}
PAGE_MS = 30_000


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One page as one person sees it, after clicks on `clicks`, once `wait_for` is there."""

    name: str
    address: str
    viewer: str = "platform"
    wait_for: str = "h1"
    clicks: tuple[str, ...] = ()


# GraphiQL's button has a menu once the editor knows that there are several operations.
EXECUTE = (".graphiql-execute-button[aria-haspopup=menu]", "[role=menuitem]")
PICTURES = (
    Picture(name="things-to-do", address="/"),
    Picture(name="plugins", address="/plugins/"),
    Picture(name="contributions", address="/plugins/site_map/contributions/"),
    Picture(name="plan", address="/plugins/device_inventory/switch/?action=ENABLE&availability=REQUIRED"),
    Picture(name="settings", address="/c/acme/manage/plugins/reachability/settings/", viewer="acme-admin"),
    Picture(name="permissions", address="/c/acme/manage/permissions/", viewer="acme-admin"),
    Picture(name="audit-log", address="/audit/"),
    Picture(name="dashboard", address="/c/acme/", viewer="acme-admin"),
    Picture(
        name="graphiql",
        address="/graphql/acme/",
        viewer="acme-admin",
        wait_for=".result-window .view-line:nth-child(4)",
        clicks=EXECUTE,
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Take all pictures, or those of which the name is given."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the console for the documentation.")
    parser.add_argument("names", nargs="*", help="which (default: all)")
    parser.add_argument("--output", type=Path, default=ROOT / FOLDER, help=f"the folder (default: {FOLDER})")
    parser.add_argument("--all", action="store_true", help="also those that no document shows: to look at")
    options = parser.parse_args(arguments)
    known = {picture.name: picture for picture in PICTURES}
    if unknown := set(options.names) - known.keys():
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
    chosen = [known[name] for name in options.names] or list(PICTURES)
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="webnet-screenshots-") as folder, serve(Path(folder)) as server:
        for path, size in take(chosen, server, options.output, takes_all=options.all):
            print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: {size // 1024} kB")
    return 0


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """webnet with the data that the pictures show."""
    with serve_webnet(folder, WEBNET_PLUGINS=",".join(PLUGINS)) as server:
        platform = Client(server.url)
        platform.sign_in("platform", DEMO_PASSWORD)
        make_data(platform)
        yield server


def take(pictures: Sequence[Picture], server: Server, folder: Path, *, takes_all: bool) -> Iterator[tuple[Path, int]]:
    """Each picture in the widths and schemes that are shown, or in all, as a file and its size."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(SWITCHES))
        sessions: dict[str, Any] = {}
        for picture in pictures:
            if picture.viewer not in sessions:
                sessions[picture.viewer] = sign_in(browser, server, picture.viewer)
            for width, viewport in WIDTHS.items():
                for scheme in SCHEMES:
                    if not takes_all and (width, scheme) not in SHOWN:
                        continue
                    context = browser.new_context(
                        base_url=server.url,
                        viewport=viewport,
                        color_scheme=scheme,
                        reduced_motion="reduce",
                        locale="en-GB",
                        timezone_id="Europe/Berlin",
                        storage_state=sessions[picture.viewer],
                    )
                    path = folder / f"{picture.name}-{width}-{scheme}.png"
                    path.write_bytes(shrink(look(context.new_page(), picture)))
                    context.close()
                    yield path, path.stat().st_size
        browser.close()


def sign_in(browser: Browser, server: Server, username: str) -> Any:
    """The cookies of the person, who has opened a page, so that the server knows the time zone."""
    context = browser.new_context(base_url=server.url, timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    state = context.storage_state()
    context.close()
    return state


def look(page: Page, picture: Picture) -> bytes:
    """The picture of what the window shows."""
    page.set_default_timeout(PAGE_MS)
    answer = page.goto(picture.address, wait_until="load")
    if answer is None or not answer.ok:
        sys.exit(f"{picture.name}: {picture.address} was answered with {answer.status if answer else 'nothing'}.")
    for selector in picture.clicks:
        page.locator(selector).first.click()
    page.locator(picture.wait_for).first.wait_for()
    return page.screenshot(animations="disabled", caret="hide")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
