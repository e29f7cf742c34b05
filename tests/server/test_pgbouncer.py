"""webnet behind PgBouncer, with the configuration of `deploy/`: each transaction gets another connection."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import interpreters
from tests.databases import only_on_postgresql
from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient
from tests.programs import find_program
from tests.servers import ROOT, connect, find_free_port

pytestmark = only_on_postgresql

CONFIG = '{ customerPluginConfig(customer: "acme", plugin: "shelf") { effective } }'


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="module")
def pooled(world: World) -> Iterator[str]:
    """The database's URL through PgBouncer."""
    with serve_pool(world.environment["DATABASE_URL"]) as url:
        yield url


@contextmanager
def serve_pool(database: str) -> Iterator[str]:
    """`deploy/pgbouncer.ini` in front of the database, for its user without a password."""
    pgbouncer, port, direct = find_program("pgbouncer", package="pgbouncer"), find_free_port(), urlsplit(database)
    name, password = direct.path[1:], f" password={direct.password}" if direct.password else ""
    changes = {
        "webnet = host=127.0.0.1 port=5432 dbname=webnet": (
            f"{name} = host={direct.hostname} port={direct.port or 5432} dbname={name}{password}"
        ),
        "listen_port = 6432": f"listen_port = {port}",
        "auth_type = scram-sha-256": "auth_type = trust",
    }
    with tempfile.TemporaryDirectory(prefix="webnet-pgbouncer-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # It refuses to be root, so it becomes somebody who can read this.
        text = (ROOT / "deploy" / "pgbouncer.ini").read_text()
        for old, new in {**changes, "/etc/pgbouncer/userlist.txt": str(folder / "users")}.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "users").write_text(f'"{direct.username}" ""\n')
        (folder / "pgbouncer.ini").write_text(text)
        become = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        command = ["-c", become, pgbouncer, *user, str(folder / "pgbouncer.ini")]
        process = interpreters.start(command, environment=os.environ, folder=folder)
        try:
            connect(port)
            yield direct._replace(netloc=f"{direct.username}@127.0.0.1:{port}").geturl()
        finally:
            process.terminate()
            process.kill_group()
            process.stdout.close()


def test_queries_changes_streams_and_commands_work(world: World, pooled: str) -> None:
    through = {"DATABASE_URL": f"{pooled}?disable_server_side_cursors=true"}
    with world.serve(**through) as server:
        root, admin = (StreamClient(server, world.tokens[name]) for name in ("root", "acme-admin"))
        root.mutate("enablePlugin", plugin="shelf")
        stream = StreamClient(server, world.tokens["acme-operator"]).subscribe("acme")

        admin.mutate("enableCustomerPlugin", customer="acme", plugin="shelf", reason="through the pool")

        assert stream.node()["reason"] == "through the pool"
        assert admin.run(CONFIG, "acme") == {"data": {"customerPluginConfig": {"effective": True}}}
        stream.close()
    behind = World(world.data_dir, world.environment | through, world.tokens)
    assert "rows are unchanged" in behind.command("verify_audit_log")


def test_what_one_client_sets_is_not_set_for_the_next(pooled: str) -> None:
    with psycopg.connect(pooled, autocommit=True) as plugin:
        plugin.execute("SET work_mem = '77MB'")

    with psycopg.connect(pooled, autocommit=True) as other:
        (found,) = other.execute("SHOW work_mem").fetchone() or ()

    assert found != "77MB"
