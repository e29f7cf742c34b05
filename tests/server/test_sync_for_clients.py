"""A sync keeps what each plugin adds to the schema, and its dry run says what another version changes for clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from tests.servers import ROOT, run_command

pytestmark = [pytest.mark.slow, with_files_of_its_own]

PLUGIN = """
import enum

from webnet.plugins.base import GraphQLExtension, PluginBase
from webnet.sdk import graphql

{declarations}

class Plugin(PluginBase):
    name = "bells"
    version = "{version}"

    def get_graphql_schema(self):
        return GraphQLExtension(query=Queries)
"""
FIRST = '''
@graphql.type
class Bell:
    """A bell."""
    name: str
    weight: int | None

@graphql.type
class Queries:
    @graphql.field
    @staticmethod
    def bells(info: graphql.Info) -> list[Bell]:
        """All."""
        return []

    @graphql.field
    @staticmethod
    def loudest_bell(info: graphql.Info) -> Bell | None:
        """One."""
        return None
'''
SECOND = '''
@graphql.type
class Bell:
    """A bell of bronze."""
    name: str | None
    tone: str

@graphql.type
class Queries:
    @graphql.field
    @staticmethod
    def bells(info: graphql.Info, first: int = 3) -> list[Bell]:
        """All of them."""
        return []
'''
CHANGES = [
    "  breaking for clients: Field Bell.name changed type from String! to String.",
    "  breaking for clients: Field Bell.weight was removed.",
    "  breaking for clients: Field Query.loudestBell was removed.",
    "  dangerous for clients: An optional argument Query.bells(first:) was added.",
]


class Deployment:
    """A database, and a folder with one plugin that can be written again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "code" / "bells").mkdir(parents=True)
        (folder / "code" / "bells" / "__init__.py").touch()
        (folder / "data").mkdir()

    def write(self, version: str, declarations: str) -> None:
        text = PLUGIN.format(version=version, declarations=declarations)
        (self.folder / "code" / "bells" / "plugin.py").write_text(text)

    def run(self, *arguments: str) -> list[str]:
        """What the command printed."""
        path = f"{self.folder / 'code'}:{ROOT}"
        changes = {"WEBNET_PLUGINS": "bells", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        done = run_command(*arguments, data_dir=self.folder / "data", **changes)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """Version 1.0.0 is synced."""
    made = Deployment(tmp_path)
    made.write("1.0.0", FIRST)
    made.run("migrate", "-v0")
    made.run("sync_plugins")
    return made


def test_a_dry_run_names_what_leaves_and_what_changes(deployment: Deployment) -> None:
    assert deployment.run("sync_plugins", "--dry-run", "--no-color") == ["bells 1.0.0: loaded"]

    deployment.write("2.0.0", SECOND)

    assert deployment.run("sync_plugins", "--dry-run", "--no-color") == ["bells 1.0.0 → 2.0.0: loaded", *CHANGES]
    deployment.run("sync_plugins")
    assert deployment.run("sync_plugins", "--dry-run", "--no-color") == ["bells 2.0.0: loaded"]


def test_so_it_does_if_the_version_is_the_same(deployment: Deployment) -> None:
    deployment.write("1.0.0", SECOND)

    assert deployment.run("sync_plugins", "--dry-run", "--no-color") == ["bells 1.0.0: loaded", *CHANGES]
