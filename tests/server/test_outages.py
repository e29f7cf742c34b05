"""A real server while its database is away, on PostgreSQL, or takes no writes, on SQLite; and afterwards."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.databases import make_database, with_files_of_its_own
from tests.servers import START_SECONDS, Server, run_command, serve_application

PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("create_user", "root", operator=True)
call("create_token", "root", "tests")
"""
READ = "{ viewer { user { username } } }"
FOLLOW = "subscription { pluginEvents { cursor } }"
WRITE = 'mutation { createCustomer(input: {slug: "acme", name: "Acme"}) { __typename } }'


def ask(
    server: Server, path: str, *, token: str = "", query: str = "", accept: str = "*/*"
) -> tuple[int, str | None, str]:
    """The status, when to try again, and the body."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} if token else {}
    headers["Accept"] = accept
    body = json.dumps({"query": query}).encode() if query else None
    request = urllib.request.Request(f"{server.url}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=START_SECONDS) as response:
            return response.status, response.headers["Retry-After"], response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], error.read().decode()


@contextmanager
def refusing_connections(url: str) -> Iterator[None]:
    """The server of the database ends all connections to it, and takes no new ones."""
    name = urlsplit(url).path[1:]
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def prepare(data_dir: Path, **changes: str) -> str:
    """An empty database with a platform operator; returns their token."""
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **changes)
    assert done.returncode == 0, done.stderr
    return next(word for word in done.stdout.split() if word.startswith("wn_"))


@pytest.mark.postgresql
@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="SQLite is never away.")
def test_a_server_whose_database_is_away_says_so_and_serves_again_afterwards(tmp_path: Path) -> None:
    with make_database() as place:
        changes = {"WEBNET_PLUGINS": "", **place}
        token = prepare(tmp_path, **changes)
        with serve_application("uvicorn", "webnet.asgi:application", tmp_path, **changes) as server:
            assert ask(server, "/graphql/", token=token, query=READ)[0] == 200

            with refusing_connections(place["DATABASE_URL"]):
                graphql = ask(server, "/graphql/", token=token, query=READ)
                stream = ask(server, "/graphql/", token=token, query=FOLLOW, accept="text/event-stream")
                page, ready, alive = (ask(server, path) for path in ("/sign-in/", "/readyz", "/healthz"))
                ended = run_command("list_plugins", data_dir=tmp_path, **changes)

            assert graphql[:2] == (503, "5") and "DATABASE_UNAVAILABLE" in graphql[2]
            assert stream[:2] == (503, "5") and "DATABASE_UNAVAILABLE" in stream[2]
            assert ready[0] == 503 and "does not respond" in ready[2] and (page[0], alive[0]) == (200, 200)
            assert ended.returncode == 1 and ended.stderr.startswith("The database can't be reached")
            assert ask(server, "/graphql/", token=token, query=WRITE)[0] == 200
            assert ask(server, "/readyz")[0] == 200


@with_files_of_its_own
def test_a_server_whose_database_takes_no_writes_serves_what_it_can(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/webnet.sqlite3"
    token = prepare(tmp_path, DATABASE_URL=url, WEBNET_PLUGINS="")
    changes = {"DATABASE_URL": f"{url}?init_command=PRAGMA%20query_only%3DON", "WEBNET_PLUGINS": ""}

    with serve_application("uvicorn", "webnet.asgi:application", tmp_path, **changes) as server:
        read = ask(server, "/graphql/", token=token, query=READ)
        written = ask(server, "/graphql/", token=token, query=WRITE)
        ready, alive = ask(server, "/readyz"), ask(server, "/healthz")

    assert read[0] == 200 and '"root"' in read[2]
    assert written[:2] == (503, "30") and "DATABASE_UNAVAILABLE" in written[2]
    assert ready[0] == 503 and "read-only" in ready[2] and alive[0] == 200
