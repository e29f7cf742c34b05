"""An example's tests pass as its README calls them: with its own options, and no other plugin but what it needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own

pytestmark = with_files_of_its_own

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("example", ["hello_world", "site_map"])
def test_its_tests_pass_alone(example: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)  # a plugin's author has set nothing
    environment["TEST_DATABASE"] = "sqlite"  # on a server, it would want to make these tests' own database again

    command = ["-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"examples/{example}_plugin"]
    done = interpreters.run(command, environment=environment, folder=ROOT, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout and "skipped" not in done.stdout
