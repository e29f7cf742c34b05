"""Backups are made and restored while workers serve."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from tests.browsing import Client
from tests.databases import make_database
from tests.servers import Server, run_command, serve_production

PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("create_user", "platform", operator=True)
call("create_customer", "acme")
call("create_token", "platform", "tests")
"""
RENAME = """mutation($name: String!) { updateCustomer(input: { customer: "acme", name: $name }) {
  ... on UpdateCustomerPayload { customer { name } } ... on Refusal { code } } }"""
# Each over a connection of its own, so that both workers are asked.
QUESTIONS = 20


@dataclass(frozen=True)
class Site:
    """A data folder and the variables of a webnet, and the platform operator's token."""

    data_dir: Path
    changes: dict[str, str]
    token: str

    def rename(self, server: Server, name: str) -> str | None:
        """The name that was acknowledged; None if it was not."""
        answer = self._ask(server, RENAME, name=name)
        return ((answer.get("data") or {}).get("updateCustomer") or {}).get("customer", {}).get("name")

    def read_name(self, server: Server) -> str:
        answer = self._ask(server, '{ customer(slug: "acme") { name } }')
        return answer["data"]["customer"]["name"] if answer.get("data") else json.dumps(answer)

    def command(self, *arguments: object) -> str:
        ended = run_command(*map(str, arguments), data_dir=self.data_dir, **self.changes)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def _ask(self, server: Server, query: str, **variables: str) -> dict:
        headers = {"Authorization": f"Bearer {self.token}"}
        return Client(server.url).post_graphql(query, headers=headers, **variables).json()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with make_database() as database:
        changes = {**database, "WEBNET_PLUGINS": ""}
        prepared = Site(tmp_path / "site", changes, "").command("shell", "-v0", "-c", PREPARE)
        yield Site(tmp_path / "site", changes, re.findall(r"wn_\S+", prepared)[0])


def test_both_work_while_workers_serve_and_nobody_gets_anything_stale(site: Site, tmp_path: Path) -> None:
    with serve_production(site.data_dir, workers=2, **site.changes) as server, ThreadPoolExecutor(2) as pool:
        assert site.rename(server, "before") == "before"  # the first answer waits for a worker
        with writing(site, server, pool) as acknowledged:
            site.command("backup", tmp_path / "backup")
        manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
        # Nothing that was acknowledged is lost by making a backup.
        assert acknowledged and None not in acknowledged
        assert site.read_name(server) == acknowledged[-1]
        assert site.rename(server, "after") == "after"

        with reading(site, server, pool) as seen:
            site.command("restore", tmp_path / "backup", "--replace", "--no-input")
            restored = {site.read_name(server) for _ in range(QUESTIONS)}

        assert len(restored) == 1 and restored <= {*acknowledged, "before"}
        assert set(seen) <= {"after", *restored}
        assert site.rename(server, "changed") == "changed"
        assert {site.read_name(server) for _ in range(QUESTIONS)} == {"changed"}
    assert site.command("verify_audit_log").startswith(f"All {manifest['position'] + 2} rows are unchanged")


@contextmanager
def writing(site: Site, server: Server, pool: ThreadPoolExecutor) -> Iterator[list[str | None]]:
    """Rename the customer again and again within the block; gives what was acknowledged."""
    ended, names = Event(), []

    def write() -> None:
        while not ended.wait(0.01):
            names.append(site.rename(server, f"name {len(names)}"))

    future = pool.submit(write)
    try:
        yield names
    finally:
        ended.set()
        future.result(timeout=60)


@contextmanager
def reading(site: Site, server: Server, pool: ThreadPoolExecutor) -> Iterator[list[str]]:
    """Read the customer's name again and again within the block; gives what was read."""
    ended, names = Event(), []

    def read_on() -> None:
        while not ended.wait(0.02):
            names.append(site.read_name(server))

    future = pool.submit(read_on)
    try:
        yield names
    finally:
        ended.set()
        future.result(timeout=60)
