"""Every process that serves has its row among the workers while it does, and no longer."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from tests.servers import START_SECONDS, serve_application

pytestmark = with_files_of_its_own

SERVERS = [
    ("uvicorn", "webnet.asgi:application"),
    ("granian", "webnet.asgi:application"),
    ("granian-wsgi", "webnet.wsgi:application"),
]


@pytest.mark.parametrize(("server", "application"), SERVERS)
def test_a_process_has_a_row_with_its_plugins_while_it_serves(server, application, migrated):
    with serve_application(server, application, migrated, WEBNET_PLUGINS="hello_world"):
        ((process, plugins),) = _wait_for_rows(migrated, 1)
        assert Path(f"/proc/{process}").exists()
        assert list(json.loads(plugins)) == ["hello_world"]

    assert _wait_for_rows(migrated, 0) == []


def _wait_for_rows(data_dir: Path, count: int) -> list[tuple[int, str]]:
    deadline = time.monotonic() + START_SECONDS
    with closing(sqlite3.connect(data_dir / "webnet.sqlite3")) as database:
        while True:
            rows = database.execute("SELECT process_id, plugins FROM plugins_worker").fetchall()
            if len(rows) == count or time.monotonic() > deadline:
                return rows
            time.sleep(0.02)
