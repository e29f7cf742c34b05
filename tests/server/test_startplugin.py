"""`manage.py startplugin` makes a plugin that works as it stands."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.template import TemplateSyntaxError
from pytest_django import Settings

from tests import interpreters
from tests.databases import with_files_of_its_own
from webnet.sdk.checking.run_check import check_plugin
from webnet.server.environment import add_plugin_folders
from webnet.server.management.commands import startplugin

pytestmark = with_files_of_its_own

ROOT = Path(__file__).parents[2]
REPORT = """
import django
django.setup()
from django.core.management import call_command
call_command("makemigrations", "my_notes", check=True, dry_run=True, verbosity=0)
call_command("migrate", verbosity=0)
from webnet.plugins.registry import registry
from webnet.api.schema import full_schema
full_schema()
entry = registry.get("my_notes")
print(entry.status, entry.reason)
print("myNotesNotes(" in full_schema().schema.export())
"""
LOADED = """
import django
django.setup()
from webnet.plugins.registry import registry
from webnet.api.schema import full_schema
full_schema()
for entry in registry.entries():
    print(entry.name, entry.status, entry.reason)
"""


def run(folder: Path, *arguments: str, plugins: Sequence[str] = (), is_cold: bool = False) -> str:
    """What an interpreter of its own prints that has nothing but webnet and the new plugin, or these new `plugins`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
    own = {
        "DJANGO_SETTINGS_MODULE": "webnet.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder), *(str(folder / name) for name in plugins)]),
        "DATABASE_URL": "sqlite://:memory:",
        "TEST_DATABASE": "sqlite",  # on a server, it would want to make these tests' own database again
        "WEBNET_DEBUG": "1",
        "WEBNET_PLUGINS": ",".join(plugins or [folder.name]),
        "WEBNET_DATA_DIR": str(folder.parent / "data"),
    }
    command = ["-W", "error", *arguments]
    done = interpreters.run(command, environment=environment | own, folder=folder, timeout=60, is_cold=is_cold)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A new plugin, `my_notes`."""
    settings.HOME_DIR = tmp_path
    call_command("startplugin", "my_notes")
    return tmp_path / "plugins" / "my_notes"


def test_its_own_tests_pass(folder: Path) -> None:
    """As its author calls them, so that a warning of any import counts."""
    assert "8 passed" in run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".", is_cold=True)


def test_so_do_those_of_one_with_a_digit_in_its_name(settings: Settings, tmp_path: Path) -> None:
    """GraphQL and Django write such a name differently where words are run together."""
    settings.HOME_DIR = tmp_path
    call_command("startplugin", "my_2nd_rack2d")

    folder = tmp_path / "plugins" / "my_2nd_rack2d"

    assert "8 passed" in run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", ".")


def test_webnet_loads_it_and_its_migrations_are_complete(folder: Path) -> None:
    assert run(folder, "-c", REPORT).splitlines()[-2:] == ["loaded ", "True"]


def test_the_schema_stored_beside_it_is_what_it_adds(folder: Path) -> None:
    report = check_plugin("my_notes", path=[folder], against="0.1.0")

    assert (report.findings, report.version) == ((), "0.1.0")


def test_nothing_of_the_template_is_left(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]

    assert (folder / "README.md").is_file()
    assert [path for path in files if "plugin_name" in path.name or path.suffix.endswith("-tpl")] == []
    assert [path for path in files if path.suffix != ".html" and "{{" in path.read_text()] == []


def test_it_imports_nothing_of_webnet_but_what_is_for_authors(folder: Path) -> None:
    files = list(folder.rglob("*.py"))
    imported = {
        line for file in files for line in re.findall(r"^\s*(?:from|import) (webnet\S*)", file.read_text(), re.M)
    }

    assert {module for module in imported if not module.startswith(("webnet.sdk", "webnet.plugins.base"))} == set()
    assert "webnet.sdk.testing" in imported and len(files) > 5


def test_it_is_on_the_path_of_the_next_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])

    add_plugin_folders(folder.parents[1])

    assert str(folder) in sys.path


def test_a_second_one_is_made_beside_the_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the path, where even an empty folder in `plugins/` can be imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    add_plugin_folders(folder.parents[1])

    call_command("startplugin", "your_notes")

    assert sorted(path.name for path in folder.parent.iterdir()) == ["my_notes", "your_notes"]
    assert (folder.parent / "your_notes" / "your_notes" / "plugin.py").is_file()


@pytest.mark.slow
def test_names_of_every_shape_load(settings: Settings, tmp_path: Path) -> None:
    settings.HOME_DIR = tmp_path
    names = ["a", "b2", "c_3", "match", "views", "x" * 100]
    for name in names:
        call_command("startplugin", name)

    printed = run(tmp_path / "plugins", "-c", LOADED, plugins=names)

    assert printed.splitlines()[-len(names) :] == [f"{name} loaded " for name in names]


def test_nothing_is_left_when_the_template_fails(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME_DIR = tmp_path / "home"
    settings.HOME_DIR.mkdir()
    template = tmp_path / "template"
    template.mkdir()
    (template / "a.md").write_text("first")
    (template / "b.md").write_text("{% broken %}")
    monkeypatch.setattr(startplugin, "find_template", lambda: template)

    with pytest.raises(TemplateSyntaxError):
        call_command("startplugin", "my_notes")

    assert list(settings.HOME_DIR.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    settings.HOME_DIR = tmp_path
    (tmp_path / "plugins").write_text("a file")

    with pytest.raises(CommandError, match=r"plugins/my_notes' can't be created: "):
        call_command("startplugin", "my_notes")


UNUSABLE = [
    "My",
    "1st",
    "a-b",
    "../up",
    "json",
    "",
    "class",
    "my__notes",
    "my_",
    "tests",
    "auth",
    "hello_world",
    "settle",
]


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_name_that_can_be_none_is_refused_before_anything_is_written(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    settings.HOME_DIR = tmp_path

    with pytest.raises(CommandError):
        call_command("startplugin", name)

    assert list(tmp_path.iterdir()) == []


def test_a_plugin_that_is_there_is_left_alone(folder: Path) -> None:
    (folder / "README.md").write_text("mine")

    with pytest.raises(CommandError, match="my_notes' already exists"):
        call_command("startplugin", "my_notes")

    assert (folder / "README.md").read_text() == "mine"
