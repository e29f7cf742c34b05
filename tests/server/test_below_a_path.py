"""webnet below a path of a host, behind a real proxy and as the standards of WSGI and ASGI say it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.urls import clear_script_prefix
from pytest_django import Settings

from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.proxies import serve_below
from tests.servers import DEMO_PASSWORD, Server, run_command, serve_production
from webnet.server.asgi.admission import is_graphql
from webnet.server.asgi.django_handlers import StreamHandler
from webnet.server.asgi.router import with_root_path
from webnet.server.environment import read_script_name

pytestmark = with_files_of_its_own

ADDRESS = re.compile(r"(?:src|href|action)=\"([^\"]*)\"")
PREPARE = "from django.core.management import call_command as call; call('sync_plugins'); call('demo')"


@pytest.fixture(scope="module")
def production(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`serve`, which was told where it is, with the demo data."""
    data_dir = tmp_path_factory.mktemp("webnet")
    shutil.copy(migrated_file, data_dir)
    changes = {"WEBNET_DEBUG": "0", "WEBNET_ALLOWED_HOSTS": "127.0.0.1", "WEBNET_HTTPS": "0", "SCRIPT_NAME": "/webnet"}
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **changes)
    assert done.returncode == 0, done.stderr
    with serve_production(data_dir, workers=1, **changes) as server:
        yield server


@pytest.fixture(scope="module", params=[False, True], ids=["path kept", "path removed"])
def proxy(
    request: pytest.FixtureRequest, production: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("proxy") / "nginx"
    with serve_below(production, folder, removes_prefix=request.param) as server:
        yield server


@pytest.fixture
def operator(proxy: Server) -> Client:
    """The platform operator, signed in."""
    client = Client(f"{proxy.url}/webnet")
    client.sign_in("platform", DEMO_PASSWORD)
    return client


def read_addresses(page: str) -> set[str]:
    """What a page leads to or loads, apart from what it has in itself."""
    return {unescape(each) for each in ADDRESS.findall(page) if not each.startswith(("data:", "#", "https://"))}


def visit_all(client: Client) -> dict[str, int]:
    """Every address that pages lead to from the first one on, with the status of each."""
    statuses: dict[str, int] = {}
    waiting = ["/webnet/"]
    while waiting:
        path = waiting.pop()
        if path in statuses or "/sign-out/" in path or "/logout/" in path:
            continue
        answer = Client.send(client, "GET", path.removeprefix("/webnet"), headers={"Accept": "text/html"})
        statuses[path] = answer.status
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [urlsplit(urljoin(path, each)).path for each in read_addresses(answer.text)]
    return statuses


def test_every_address_of_every_page_is_below_the_path(operator: Client) -> None:
    statuses = visit_all(operator)

    assert [path for path in statuses if not f"{path}/".startswith("/webnet/")] == []
    assert {path: status for path, status in statuses.items() if status != 200} == {}
    for part in (
        "static/webnet/console/console.css",
        "static/webnet/graphiql/graphiql.js",
        "static/admin/css/base.css",
    ):
        assert f"/webnet/{part}" in statuses
    assert {"/webnet/graphql/", "/webnet/c/acme/", "/webnet/c/acme/plugins/hello_world/"} <= set(statuses)


def test_a_visitor_is_sent_to_the_form_and_back(proxy: Server) -> None:
    visitor = Client(f"{proxy.url}/webnet")

    asked = visitor.get("/c/acme/plugins/hello_world")
    back = visitor.post_form(
        "/sign-in/?next=" + asked.url.partition("next=")[2], username="acme-admin", password=DEMO_PASSWORD
    )

    assert asked.url.startswith(f"{proxy.url}/webnet/sign-in/?next=/webnet/c/acme/")
    assert (back.status, back.url) == (200, f"{proxy.url}/webnet/c/acme/plugins/hello_world/")


def test_the_session_is_that_of_the_path_and_the_token_that_of_the_host(operator: Client) -> None:
    assert {cookie.name: cookie.path for cookie in operator.cookies} == {
        "sessionid": "/webnet/",
        "webnet_device": "/webnet/",
        "csrftoken": "/",
    }


@pytest.mark.parametrize("path", ["/graphql/acme", "/graphql/acme/"])
@pytest.mark.parametrize("accepted", ["application/json", "text/event-stream"])
def test_answers_name_addresses_below_the_path(operator: Client, accepted: str, path: str) -> None:
    answer = operator.post_graphql("{ navigationItems { url } }", path=path, headers={"Accept": accepted})

    assert answer.headers["content-type"].startswith(accepted)
    assert '"url":"/webnet/c/acme/plugins/hello_world/"' in answer.text


def test_who_asks_the_server_itself_needs_no_prefix(production: Server) -> None:
    assert Client(production.url).get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("script_name", "prefix"), [("", "/"), ("/webnet", "/webnet/"), ("/a/b", "/a/b/"), ("/static", "/static/")]
)
@pytest.mark.django_db
def test_each_request_of_wsgi_says_where_webnet_is(
    request: pytest.FixtureRequest, script_name: str, prefix: str
) -> None:
    request.addfinalizer(clear_script_prefix)  # The handler leaves it to the thread's next request.
    environ = {"SCRIPT_NAME": script_name, "PATH_INFO": "/sign-in/", "HTTP_HOST": "127.0.0.1"}
    setup_testing_defaults(environ)

    page = b"".join(WSGIHandler()(environ, lambda *_: None)).decode()

    assert f"{prefix}static/webnet/console/console.css" in read_addresses(page)
    assert all(each.startswith(prefix) for each in read_addresses(page))


@pytest.mark.parametrize(
    ("told", "root_path", "path", "expected"),
    [
        ("", "", "/graphql/", ("", "/graphql/")),
        ("", "/webnet", "/webnet/graphql/", ("/webnet", "/webnet/graphql/")),
        ("", "/webnet", "/graphql/", ("/webnet", "/webnet/graphql/")),
        ("/webnet", "", "/webnet/graphql/", ("/webnet", "/webnet/graphql/")),
        ("/webnet", "", "/graphql/", ("/webnet", "/webnet/graphql/")),
        ("/webnet", "", "/webnet", ("/webnet", "/webnet")),
        ("/st", "", "/static/a.css", ("/st", "/st/static/a.css")),
    ],
)
def test_a_scope_says_where_webnet_is(
    settings: Settings, told: str, root_path: str, path: str, expected: tuple[str, str]
) -> None:
    settings.WEBNET_SCRIPT_NAME = told

    scope = with_root_path({"type": "http", "root_path": root_path, "path": path})

    assert (scope["root_path"], scope["path"]) == expected


@pytest.mark.parametrize(
    ("root_path", "path"), [("", "/graphql/"), ("/webnet", "/webnet/graphql/acme/"), ("/webnet", "/webnet/graphql")]
)
def test_a_stream_of_graphql_keeps_no_thread(monkeypatch: pytest.MonkeyPatch, root_path: str, path: str) -> None:
    served: list[str] = []

    async def handle(scope: dict[str, Any], *_: object) -> None:
        served.append(scope["path"])

    monkeypatch.setattr("django.core.handlers.asgi.ThreadSensitiveContext", None)
    streams = StreamHandler()
    monkeypatch.setattr(streams, "handle", handle)
    scope = {"type": "http", "root_path": root_path, "path": path}

    asyncio.run(streams(scope, never, never))

    assert is_graphql(scope) and served == [path]


async def never(*_: object) -> Any:
    """No message comes or goes."""


@pytest.mark.parametrize("given", ["webnet", "/webnet/", "/", "//a", "/a b", "/a?b", "https://a.example/webnet"])
def test_what_is_no_path_is_refused_by_name(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SCRIPT_NAME must be a path like /webnet"):
        read_script_name(given)
