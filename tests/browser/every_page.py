"""An address for each page of the console, found by following links as people do."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

from tests.browsing import Client
from webnet.console.urls import urlpatterns

# Pages that no page links to, or whose link is in a mail, or on another page than the first of its kind.
UNLINKED = {
    "sign-in": "/sign-in/",
    "invitation": "/invitations/wni_unknown/",
    "plugin-settings-revert": "/plugins/hello_world/settings/history/1/",
    "plugin-page": "/c/acme/plugins/hello_world/nothing/",
    "customer-unknown": "/c/acme/nothing/",
}
# More links than this are the rows of a list.
MOST_LINKS = 400


def list_routes() -> list[str]:
    """The names of all addresses of the console."""
    return [str(pattern.name) for pattern in urlpatterns]


def find_pages(client: Client, *, starts: tuple[str, ...] = ("/",)) -> dict[str, str]:
    """By route, the first address that somebody comes to by links from the starts."""
    found: dict[str, str] = {}
    waiting, seen = list(starts), set(starts)
    while waiting and len(seen) < MOST_LINKS:
        address = waiting.pop(0)
        route = find_route(address)
        if route is None or route in found:
            continue
        answer = client.get(address, Accept="text/html")
        if answer.status != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        found[route] = address
        for link in _find_links(answer.text, address):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return found


def find_route(address: str) -> str | None:
    """The name of the console's route that serves the address."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    return match.url_name if match.url_name in list_routes() else None


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def _find_links(page: str, address: str) -> Iterator[str]:
    parser = _Links()
    parser.feed(page)
    for link in parser.links:
        whole = urljoin(address, link.split("#")[0])
        if whole.startswith("/"):
            yield whole
