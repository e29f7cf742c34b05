"""Databases for servers of their own: a SQLite file in the server's data folder, or a new PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

# For tests that leave the tests' own database alone, whichever it is.
with_files_of_its_own = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "postgresql", reason="Has SQLite files of its own, so it is the same again."
)

only_on_postgresql = [
    pytest.mark.postgresql,
    pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="It needs PostgreSQL."),
]


@contextmanager
def make_database(options: str = "") -> Iterator[dict[str, str]]:
    """The environment variables that lead to an empty database of the kind that is tested now.

    The `options` are those of PostgreSQL's CREATE DATABASE.
    """
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
