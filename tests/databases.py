"""Databases for servers of their own: a SQLite file in the server's data folder, or a new PostgreSQL database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

# The audit event of making a database of the kind that is tested: not for tests `with_files_of_its_own`.
DATABASE_EVENT = "tests.make_database"

# For tests that start processes, none of which has the database that is tested; what has a fixture of it is excepted.
with_files_of_its_own = pytest.mark.own_files

# For tests that take long and are about something else than their database: the watchdog, threads, clients, documents.
# Whatever these ask the database for, quicker tests ask of both.
one_database_is_enough = pytest.mark.one_database

only_on_postgresql = [
    pytest.mark.postgresql,
    pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="It needs PostgreSQL."),
]


@contextmanager
def make_database(options: str = "") -> Iterator[dict[str, str]]:
    """The environment variables that lead to an empty database of the kind that is tested now.

    The `options` are those of PostgreSQL's CREATE DATABASE.
    """
    sys.audit(DATABASE_EVENT)
    if os.environ.get("TEST_DATABASE") != "postgresql":
        yield {}
        return
    url = urlsplit(os.environ["TEST_DATABASE_URL"])
    name = f"webnet_server_{uuid4().hex[:12]}"
    with psycopg.connect(url.geturl(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {options}')
        try:
            yield {"DATABASE_URL": url._replace(path=f"/{name}").geturl()}
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
