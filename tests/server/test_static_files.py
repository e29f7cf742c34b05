"""What the package brings for browsers is served by the package itself, without a collecting step."""

import re

import pytest

from tests.browsing import Client
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own

ADDRESS = re.compile(r"(?:src|href|action)=\"([^\"]+)\"")


@pytest.mark.parametrize("path", ["/graphql/", "/sign-in/"])
def test_a_page_names_only_what_this_server_serves(visitor: Client, path: str) -> None:
    page = visitor.get(path, Accept="text/html")

    named = [address for address in ADDRESS.findall(page.text) if not address.startswith("data:")]

    assert [address for address in named if not re.match(r"/[^/]|#", address) and address != "/"] == []
    assert {visitor.get(address).status for address in named if address.startswith("/static/")} == {200}


@pytest.mark.parametrize("worker", ["editor", "graphql", "json"])
def test_the_editors_workers_are_bundled(visitor: Client, worker: str) -> None:
    answer = visitor.get(f"/static/webnet/graphiql/{worker}.worker.js")

    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/javascript")


BUNDLES = ["/static/webnet/graphiql/graphiql.js", "/static/webnet/console/bundle/console.js"]


@pytest.mark.parametrize("path", BUNDLES)
def test_a_bundle_travels_compressed_to_who_takes_it(visitor: Client, path: str) -> None:

    plain, compressed = visitor.get(path), visitor.get(path, **{"Accept-Encoding": "gzip"})

    assert compressed.headers["content-encoding"] == "gzip"
    assert len(compressed.body) < len(plain.body) / 2


def test_the_consoles_bundle_has_the_licenses_of_its_packages(visitor: Client) -> None:
    notice = visitor.get("/static/webnet/console/bundle/NOTICE.txt").text

    assert re.findall(r"(?m)^(\S+) [\d.]+$", notice) == ["htmx-ext-sse", "htmx.org"]
    assert notice.count("Permission to use, copy, modify, and/or distribute") == 2


def test_a_file_outside_the_packages_static_folders_is_not_served(visitor: Client) -> None:
    assert visitor.get("/static/../settings.py").status == 404
    assert visitor.get("/static/%2e%2e/settings.py").status == 404
