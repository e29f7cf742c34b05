"""A replica of the database: the audit log is read from it while it has all of the reader's rows, and nothing else is.

A second database of the same server stands for it, since a server that follows another one can't run here. Rows that
it gets too late are copied late; a reason that only it has tells where a row was read from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.databases import only_on_postgresql
from tests.events.conftest import World, make_world
from tests.events.streams import StreamClient

pytestmark = only_on_postgresql

LOG = "{ pluginAuditLogs(first: 2) { edges { node { reason action } } } }"
SEARCH = '{ pluginAuditLogs(first: 2, filter: {search: "the"}) { edges { node { reason } } } }'
CONFIG = '{ customerPluginConfig(customer: "acme", plugin: "shelf") { effective } }'
PREPARE = """
from django.core.management import call_command as call
call("enable_plugin", "shelf")
for slug in ("acme", "globex"):
    call("enable_plugin", "shelf", customer=[slug], reason="before")
"""
OF_REPLICA = "the replica's"
CONFLICT = """
    CREATE FUNCTION conflict() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'canceling statement due to conflict with recovery' USING ERRCODE = '40001'; END $$;
    ALTER TABLE plugins_pluginauditlog RENAME TO log;
    CREATE VIEW plugins_pluginauditlog AS SELECT * FROM log WHERE conflict();
"""
MARK = """
    UPDATE plugins_pluginauditlog SET reason = %s WHERE position IN (
        SELECT max(position) FROM plugins_pluginauditlog WHERE customer_id IS NOT NULL GROUP BY customer_id)
"""


@dataclass(frozen=True)
class Copy:
    """The database that stands for the replica."""

    primary: str
    url: str

    def mark(self) -> None:
        """Have the latest row of each customer say where it was read."""
        with self._replicate() as copy:
            copy.execute(MARK, [OF_REPLICA])

    def catch_up(self) -> None:
        """Replace the log and the ends of its chains by those of the primary."""
        with psycopg.connect(self.primary) as primary, self._replicate() as copy:
            for table in ("plugins_pluginauditlog", "plugins_audithead"):
                copy.execute(f"TRUNCATE {table}")
                with (
                    primary.cursor().copy(f"COPY {table} TO STDOUT") as source,
                    copy.cursor().copy(f"COPY {table} FROM STDIN") as target,
                ):
                    for part in source:
                        target.write(part)

    def conflict(self) -> None:
        """Have each statement on the log fail as where it is in the way of what the primary sends."""
        with self._replicate() as copy:
            copy.execute(CONFLICT)

    def drop(self) -> None:
        with psycopg.connect(self.primary, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{urlsplit(self.url).path[1:]}" WITH (FORCE)')

    @contextmanager
    def _replicate(self) -> Iterator[psycopg.Connection]:
        """As a server that follows another one, without the triggers that refuse all changes."""
        with psycopg.connect(self.url) as connection:
            connection.execute("ALTER TABLE plugins_pluginauditlog DISABLE TRIGGER ALL")
            yield connection


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("world")) as world:
        world.command("shell", "-v0", "-c", PREPARE)
        yield world


@pytest.fixture
def copy(world: World) -> Iterator[Copy]:
    """The primary as it is now, with the two customers' latest rows marked."""
    url = urlsplit(world.environment["DATABASE_URL"])
    name = url.path[1:]
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}_replica" TEMPLATE "{name}"')
    copy = Copy(url.geturl(), url._replace(path=f"/{name}_replica").geturl())
    copy.mark()
    yield copy
    copy.drop()


def read_reason(client: StreamClient, view: str, query: str = LOG) -> str:
    """The reason of the latest row."""
    answer = client.run(query, view)
    assert "errors" not in answer, answer
    return str(answer["data"]["pluginAuditLogs"]["edges"][0]["node"]["reason"])


def test_a_reader_gets_the_replicas_rows_until_they_are_behind_and_never_its_state(world: World, copy: Copy) -> None:
    with world.serve(WEBNET_REPLICA_URL=copy.url) as server:
        admin, other = (StreamClient(server, world.tokens[f"{each}-admin"]) for each in ("acme", "globex"))
        root = StreamClient(server, world.tokens["root"])
        assert [read_reason(admin, "acme", each) for each in (LOG, SEARCH)] == [OF_REPLICA, OF_REPLICA]
        assert admin.run(CONFIG, "acme")["data"]["customerPluginConfig"] == {"effective": True}

        admin.mutate("disableCustomerPlugin", customer="acme", plugin="shelf", reason="the latest")

        # The copy knows nothing of it: neither the row nor the state may come from there.
        assert read_reason(admin, "acme") == read_reason(admin, "acme", SEARCH) == "the latest"
        assert read_reason(root, "acme") == "the latest"
        assert admin.run(CONFIG, "acme")["data"]["customerPluginConfig"] == {"effective": False}
        # Others' rows are all there.
        assert read_reason(other, "globex") == OF_REPLICA

        copy.catch_up()
        copy.mark()

        assert read_reason(admin, "acme") == OF_REPLICA

        copy.drop()

        assert read_reason(admin, "acme") == "the latest"
        assert read_reason(other, "globex") == "before"
        server.wait_for("The replica has failed")


def test_a_page_that_fails_on_the_replica_is_read_from_the_primary(world: World, copy: Copy) -> None:
    with world.serve(WEBNET_REPLICA_URL=copy.url) as server:
        other = StreamClient(server, world.tokens["globex-admin"])
        assert read_reason(other, "globex") == OF_REPLICA
        copy.conflict()

        reason = read_reason(other, "globex")

        assert reason == "before"
        server.wait_for("The replica has failed")
