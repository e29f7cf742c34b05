"""webnet as it is served in production, for tests that others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Client
from tests.servers import run_command, serve_production

STORED = Path(__file__).parent
# Not the secret key of tests: with it, these are the settings of a real installation.
CHANGES = {
    "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
    "WEBNET_DEBUG": None,
    "WEBNET_PLUGINS": "hello_world",
    "WEBNET_SECRET_KEY": "a key of 50 characters or more for conformance tests",
}
PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins")
call("create_user", "platform", operator=True)
call("create_token", "platform", "conformance")
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server, and a platform operator's token for it."""

    client: Client
    token: str


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("conformance")
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=folder, **CHANGES)
    assert done.returncode == 0, done.stderr
    with serve_production(folder, workers=1, **CHANGES) as server:
        yield Target(client=Client(server.url), token=done.stdout.split()[-1])


def compare_with_stored(name: str, results: dict[str, Any]) -> None:
    """Compare with what is kept beside the tests, so that a change of a result is seen in review."""
    stored = json.loads((STORED / name).read_text())
    assert results == stored, f"Put this into {name} if it is meant:\n{json.dumps(results, indent=2)}"
