"""A deployment to serve in production: a database, the customers acme and globex, and a plugin that the test writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import psycopg

from tests.browsing import Client
from tests.databases import make_database
from tests.servers import ROOT, Server, run_command, serve_production

PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins")
call("create_user", "platform", operator=True)
for slug in ("acme", "globex"):
    call("create_customer", slug)
call("enable_plugin", "tide")
for slug in ("acme", "globex"):
    call("enable_plugin", "tide", customer=slug)
call("create_token", "platform", "tests")
"""


@dataclass(frozen=True)
class Deployment:
    """Where everything is; `token` is the platform operator's."""

    data_dir: Path
    plugins: Path
    changes: dict[str, str]
    token: str = ""

    def write_plugin(self, version: str, schema: str) -> None:
        """The plugin `tide`, or its next version."""
        package = self.plugins / "tide"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "schema.py").write_text(dedent(schema))
        (package / "plugin.py").write_text(dedent(PLUGIN).replace("VERSION", version))

    def run(self, code: str) -> str:
        """Run Python code in a process of its own, and return what it printed."""
        done = run_command("shell", "-v0", "-c", code, data_dir=self.data_dir, **self.changes)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, statement: str) -> list[tuple]:
        """Rows of the database, without the seconds that a process of webnet's own takes to start."""
        url = self.changes.get("DATABASE_URL")
        database = psycopg.connect(url) if url else sqlite3.connect(self.data_dir / "webnet.sqlite3")
        with closing(database):
            return database.execute(statement).fetchall()

    def read_versions(self) -> list[str]:
        """The plugin's version in each of the workers that have a row."""
        found = [plugins for (plugins,) in self.read("SELECT plugins FROM plugins_worker ORDER BY started_at")]
        return [(json.loads(each) if isinstance(each, str) else each)["tide"] for each in found]

    @contextmanager
    def serve(self, *, workers: int = 2, **changes: str) -> Iterator[Server]:
        with serve_production(self.data_dir, workers=workers, **{**self.changes, **changes}) as server:
            yield server

    def ask(self, server: Server, query: str, *, view: str = "acme") -> dict:
        """As the platform operator, over a connection of its own."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return Client(server.url).post_graphql(query, path=f"/graphql/{view}/", headers=headers).json()


PLUGIN = '''
    """The tide, at the moment; enabling it takes for ever while there is a file `stall` beside it."""

    from pathlib import Path
    from threading import Event

    from webnet.plugins.base import GraphQLExtension, PluginBase


    class Plugin(PluginBase):
        name = "tide"
        version = "VERSION"

        def on_enable(self, context):
            if Path(__file__).with_name("stall").exists():
                Event().wait()

        def get_graphql_schema(self):
            from tide import schema

            return GraphQLExtension(query=schema.Queries, subscription=getattr(schema, "Subscriptions", None))
'''


@contextmanager
def make_deployment(folder: Path, *, schema: str) -> Iterator[Deployment]:
    """Everything is there and enabled, and nothing is served yet."""
    with make_database() as database:
        plugins = folder / "plugins"
        changes = {
            **database,
            "PYTHONPATH": f"{plugins}:{ROOT}",
            "WEBNET_PLUGINS": "tide",
            "WEBNET_DEBUG": "0",
            "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
            "WEBNET_HTTPS": "0",
        }
        deployment = Deployment(folder, plugins, changes)
        deployment.write_plugin("1.0", schema)
        yield Deployment(folder, plugins, changes, _prepare(deployment, schema))


def _prepare(deployment: Deployment, schema: str) -> str:
    """Everything is in the database after this; returns the operator's token."""
    if "DATABASE_URL" not in deployment.changes and schema in _prepared:
        token, files = _prepared[schema]
        for name, content in files.items():
            (deployment.data_dir / name).write_bytes(content)
        return token
    token = next(word for word in deployment.run(PREPARE).split() if word.startswith("wn_"))
    files = {file.name: file.read_bytes() for file in deployment.data_dir.iterdir() if file.is_file()}
    _prepared[schema] = token, files
    return token


# By the plugin's schema: the token, and what was in the data folder when no process had it open; on SQLite that is all.
_prepared: dict[str, tuple[str, dict[str, bytes]]] = {}
