"""webnet as it is served in production, for tests that others wrote and for requests that a machine makes up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.browsing import Client
from tests.databases import make_database
from tests.servers import ROOT, Server, run_command, serve_production

STORED = Path(__file__).parent
# Not the secret key of tests: with it, these are the settings of a real installation.
CHANGES = {
    "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
    "WEBNET_DEBUG": None,
    "WEBNET_PLUGINS": "hello_world",
    "WEBNET_SECRET_KEY": "a key of 50 characters or more for conformance tests",
}
PLUGINS = ("hello_world", "device_inventory", "site_map", "shelf", "labels", "gauges")
# Everything that a client could ask for, as often as it likes.
SERVED = {
    **CHANGES,
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/sample_plugins")]),
    "WEBNET_ADDRESS_POINTS_PER_MINUTE": "0",
    "WEBNET_PLUGINS": ",".join(PLUGINS),
    "WEBNET_TOKEN_POINTS_PER_MINUTE": "0",
    "WEBNET_USER_POINTS_PER_MINUTE": "0",
}
PREPARE = f"""
from django.core.management import call_command as call
call("migrate", verbosity=0)

from webnet.api.resolvers.contributions import models_of
from webnet.plugins.registry import registry
from webnet.sdk.trial.fixtures_data import FixtureFactory
from webnet.sdk.trial.rows import RowMaker
from webnet.sdk.trial.traces import collect_traces

factory, rows = FixtureFactory(), RowMaker()
acme, globex = factory.make_customer("acme"), factory.make_customer("globex")
for plugin in {PLUGINS}:
    for customer in (acme, globex):
        factory.enable(plugin, customer=customer)
for model in dict.fromkeys(model for entry in registry.loaded() for model in models_of(entry)):
    rows.make(model, acme, rows=3)
for role in ("viewer", "admin", "platform"):
    print("token", role, factory.make_token(factory.make_person(role, acme)))
for each in collect_traces({PLUGINS}, acme).ids.values():
    print("ids", *each)
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server, the tokens of a viewer and an admin of Acme's and of a platform operator, and ids of Acme's rows."""

    server: Server
    tokens: dict[str, str]
    ids: tuple[str, ...]

    @property
    def client(self) -> Client:
        return Client(self.server.url)

    @property
    def token(self) -> str:
        return self.tokens["platform"]

    def read_failures(self) -> list[dict[str, Any]]:
        """What the server has logged of its own failures since they were last read, and every traceback."""
        mark = uuid4().hex
        self.client.get("/nowhere/", **{"X-Request-Id": mark})
        log = [json.loads(line) for line in self.server.wait_for(mark).splitlines() if line.startswith("{")]
        # Django's loggers for security tell of clients, such as of a host that is not served.
        loud = [line for line in log if line["level"] in ("ERROR", "CRITICAL")]
        return [line for line in log if "traceback" in line] + [
            line for line in loud if not line["logger"].startswith("django.security.")
        ]

    def resident_mib(self) -> float:
        """The memory of the server's processes."""
        return sum(int(fields[21]) for fields in self._read_processes()) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def processor_seconds(self) -> float:
        """The time that the server's processes have used, also while others keep them waiting."""
        return sum(int(fields[11]) + int(fields[12]) for fields in self._read_processes()) / os.sysconf("SC_CLK_TCK")

    def _read_processes(self) -> list[list[str]]:
        return [file.read_text().rsplit(")", 1)[1].split() for file in self._processes]

    @cached_property
    def _processes(self) -> list[Path]:
        """The server's and its worker's; it is a fault if one of them ends."""
        files = list(Path("/proc").glob("[0-9]*/stat"))
        return [file for file in files if _find_group(int(file.parent.name)) == self.server.process.pid]


def _find_group(process: int) -> int | None:
    """The process's group; None where it has ended, as those of other tests do at any time."""
    with suppress(ProcessLookupError):
        return os.getpgid(process)
    return None


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """For tests of this process together, some of which change anything; on the database that is tested."""
    with make_database() as database, serve_target(tmp_path_factory.mktemp("conformance"), **database) as served:
        yield served


@contextmanager
def serve_target(folder: Path, **database: str) -> Iterator[Target]:
    changes = {**SERVED, **database}
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=folder, **changes)
    assert done.returncode == 0, done.stderr
    printed = [line.split() for line in done.stdout.splitlines()]
    tokens = dict(words[1:] for words in printed if words[0] == "token")
    ids = tuple(each for words in printed if words[0] == "ids" for each in words[1:])
    with serve_production(folder, workers=1, **changes) as server:
        yield Target(server=server, tokens=tokens, ids=ids)


def compare_with_stored(name: str, results: dict[str, Any]) -> None:
    """Compare with what is kept beside the tests, so that a change of a result is seen in review."""
    stored = json.loads((STORED / name).read_text())
    assert results == stored, f"Put this into {name} if it is meant:\n{json.dumps(results, indent=2)}"
