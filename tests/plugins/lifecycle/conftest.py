"""Installations: each test gets a copy of a database in which the host's migrations were run once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from tests.databases import DATABASE_EVENT
from tests.once import folder_of_run
from tests.plugins.lifecycle.installation import Installation

__all__ = ["folder_of_run"]

TEMPLATE_FILE = "webnet.sqlite3"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with nothing in it but the host's tables."""
    data_dir = tmp_path_factory.mktemp("installation")
    installation = Installation(data_dir=data_dir, database_url=_make_database(None), folder=data_dir)
    installation.run('run("migrate", verbosity=0)')
    yield installation
    _drop_database(installation.database_url)


@pytest.fixture
def installation(template: Installation, tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own; on PostgreSQL where the tests run there, else on SQLite."""
    with make_installation(template, tmp_path) as installation:
        yield installation


@contextmanager
def make_installation(template: Installation, data_dir: Path) -> Iterator[Installation]:
    """An installation with a copy of the template's database."""
    folder = data_dir / "plugins"
    folder.mkdir()
    if template.database_url is None:
        shutil.copy(template.data_dir / TEMPLATE_FILE, data_dir / TEMPLATE_FILE)
    installation = Installation(data_dir=data_dir, database_url=_make_database(template.database_url), folder=folder)
    yield installation
    _drop_database(installation.database_url)


def _is_postgresql() -> bool:
    return "postgresql" in settings.DATABASES["default"]["ENGINE"]


def _make_database(template_url: str | None) -> str | None:
    """A new database on the server of the tests, as its URL; None on SQLite."""
    sys.audit(DATABASE_EVENT)
    if not _is_postgresql():
        return None
    name, source = f"installation_{uuid4().hex[:12]}", template_url.rpartition("/")[2] if template_url else "template1"
    _execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    given = settings.DATABASES["default"]
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT'] or 5432}/{name}"


def _drop_database(url: str | None) -> None:
    if url is not None:
        _execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')


def _execute(statement: str) -> None:
    import psycopg

    given = settings.DATABASES["default"]
    where = {"host": given["HOST"], "port": given["PORT"] or 5432, "user": given["USER"], "dbname": "postgres"}
    with psycopg.connect(password=given["PASSWORD"], autocommit=True, **where) as connection:
        connection.execute(statement)
