"""Makes databases of the wanted sizes, and a copy for each process that is measured, since all of them write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg

from benchmarks.bench.made_plugins import make_plugins
from benchmarks.bench.sizes import BUILD, ROOT, Sizes, fingerprint, name_plugin

SQLITE, POSTGRESQL = "sqlite", "postgresql"
FILE = "webnet.sqlite3"
QUICK = "PRAGMA synchronous=OFF;PRAGMA journal_mode=OFF;PRAGMA recursive_triggers=ON;"
LIMIT_SECONDS = 3_600


@dataclass(frozen=True)
class Copy:
    """A database of one process's own, with the folder of its keys and boxes."""

    url: str
    data_dir: Path


@dataclass
class MadeData:
    """Made data of one size in one kind of database, and the copies of it."""

    sizes: Sizes
    folder: Path
    server: str = ""
    database: str = ""
    copies: list[str] = field(default_factory=list)

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    def copy(self) -> Copy:
        """A new copy, with a name that does not tell whose it is."""
        name = f"copy-{uuid4().hex[:8]}"
        data_dir = self.folder / name
        data_dir.mkdir()
        self.copies.append(name)
        if not self.server:
            shutil.copyfile(self.folder / FILE, data_dir / FILE)
            return Copy(sqlite_url(data_dir / FILE), data_dir)
        run_sql(self.server, f'CREATE DATABASE "{name}" TEMPLATE "{self.database}"')
        return Copy(name_database(self.server, name), data_dir)

    def remove_copies(self) -> None:
        for name in self.copies:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if self.server:
                run_sql(self.server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.copies.clear()


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}"


@contextmanager
def made_data(sizes: Sizes, kind: str, *, server: str = "") -> Iterator[MadeData]:
    """Data of these sizes. A SQLite file is kept for the next time; a database on the server is dropped at the end."""
    folder = (
        BUILD / "data" / f"{sizes.name}-{fingerprint()}" / (kind if kind == SQLITE else f"{kind}-{uuid4().hex[:8]}")
    )
    folder.mkdir(parents=True, exist_ok=True)
    if kind == SQLITE:
        made = MadeData(sizes, folder)
        make_plugins(made.packages, count=sizes.plugins)
        _make_file(made)
    else:
        made = MadeData(sizes, folder, server=server, database=f"webnet_bench_{uuid4().hex[:8]}")
        make_plugins(made.packages, count=sizes.plugins)
        run_sql(server, f'CREATE DATABASE "{made.database}"')
    try:
        if kind == POSTGRESQL:
            print(f"  making {sizes.describe()} in PostgreSQL", file=sys.stderr, flush=True)
            _fill(made, Copy(name_database(server, made.database), folder))
        yield made
    finally:
        made.remove_copies()
        if kind == POSTGRESQL:
            run_sql(server, f'DROP DATABASE IF EXISTS "{made.database}" WITH (FORCE)')
            shutil.rmtree(folder, ignore_errors=True)


def _make_file(made: MadeData) -> None:
    """Make the SQLite file, unless it is there."""
    if (made.folder / FILE).exists():
        return
    print(f"  making {made.sizes.describe()} in SQLite", file=sys.stderr, flush=True)
    draft = made.folder / f"draft-{uuid4().hex[:8]}"
    draft.mkdir()
    try:
        # Nothing is waited for: the file is worth nothing until it is complete.
        _fill(made, Copy(f"{sqlite_url(draft / FILE)}?init_command={quote(QUICK)}", draft))
        # As webnet has it. Two threads that open a copy at once could not both change that.
        with closing(sqlite3.connect(draft / FILE)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        (draft / FILE).replace(made.folder / FILE)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fill(made: MadeData, copy: Copy) -> None:
    sizes = made.sizes
    numbers = [str(each) for each in (sizes.plugins, sizes.customers, sizes.audit_rows)]
    command = [sys.executable, "-m", "benchmarks.bench.made_data", *numbers]
    subprocess.run(
        command,
        env=make_environment(made, copy),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        timeout=LIMIT_SECONDS,
        check=True,
    )


def make_environment(made: MadeData, copy: Copy, **changes: str) -> dict[str, str]:
    """Of a webnet process with the settings of production, and everything of the edge that serves requests.

    Rates are so high that none is reached, and are counted all the same. What serving processes do from time to time,
    such as verifying the log or asking plugins for their health, would fall upon some rounds and not on others.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("WEBNET_", "OTEL_", "DJANGO_"))
    }
    plugins = ",".join(name_plugin(number) for number in range(made.sizes.plugins))
    rates = {f"WEBNET_{each}_POINTS_PER_MINUTE": "1000000000000" for each in ("USER", "TOKEN", "ADDRESS")}
    return inherited | {
        "DATABASE_URL": copy.url,
        "DJANGO_SETTINGS_MODULE": "webnet.settings",
        "HOST": "127.0.0.1",
        "PORT": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(made.packages)]),
        "WEBNET_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "WEBNET_AUDIT_CHECKPOINTS": "0",
        "WEBNET_DATA_DIR": str(copy.data_dir),
        "WEBNET_DEBUG": "0",
        "WEBNET_HEALTH_SECONDS": "0",
        "WEBNET_HTTPS": "0",
        "WEBNET_PLUGINS": plugins,
        "WEBNET_SECRET_KEY": "only-for-measuring-" * 3,
        **rates,
        **changes,
    }


def name_database(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def run_sql(server: str, statement: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
