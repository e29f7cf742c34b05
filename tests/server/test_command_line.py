"""What webnet's commands are called, where they are listed, and where they look for plugins."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from django.core import management

import webnet
from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import ROOT, START_SECONDS, make_environment
from webnet.command_line import NAMING_MANAGE_PY, CommandLine, find_own_commands

pytestmark = with_files_of_its_own

Run: TypeAlias = "Callable[..., subprocess.CompletedProcess[str]]"
PACKAGE = Path(webnet.__file__).parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """webnet as the wheel has it: the package and the template, without a checkout around them."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, site / "webnet")
    shutil.copytree(ROOT / "examples" / "plugin_template", site / "webnet" / "plugin_template")
    return site


@pytest.fixture
def installed(site: Path, tmp_path: Path) -> Run:
    """Runs the installed webnet in a folder of its own, `tmp_path`."""

    def run(*words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        environment = make_environment(tmp_path / "var", PYTHONPATH=str(site), **changes)
        command = ["-m", "webnet", *words]
        return interpreters.run(command, environment=environment, folder=tmp_path, timeout=START_SECONDS)

    return run


def find_sections(text: str) -> dict[str, list[str]]:
    """The commands of each section of the help, in order."""
    parts = re.split(r"^\[(\w+)\]$", text, flags=re.MULTILINE)
    return {
        name: re.findall(r"^    (\w+)$", part, re.MULTILINE)
        for name, part in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_the_help_lists_webnets_commands_first() -> None:
    text = CommandLine([]).main_help_text()

    sections = find_sections(text)
    assert next(iter(sections)) == "webnet"
    assert {"sync_plugins", "serve", "migrate", "check", "changepassword", "export_schema"} <= set(sections["webnet"])
    assert "createsuperuser" in sections["auth"]
    assert sum(map(len, sections.values())) == len(management.get_commands())


def test_an_installed_webnet_without_settings_lists_its_commands_and_says_what_is_missing(installed: Run) -> None:
    ended = installed(WEBNET_DEBUG=None, WEBNET_SECRET_KEY=None, DJANGO_SETTINGS_MODULE=None)

    assert ended.stdout.startswith("\nType 'webnet help <command>'")
    assert find_sections(ended.stdout)["webnet"] == find_own_commands()
    assert "No command can run, and some are not listed: Set WEBNET_SECRET_KEY to" in ended.stdout


def test_an_installed_webnet_calls_its_commands_by_its_own_name(
    installed: Run, tmp_path: Path, migrated_file: Path
) -> None:
    created = installed("startplugin", "helpdesk")
    unmigrated = installed("list_plugins")
    without_terminal = installed("createsuperuser")
    shutil.copy(migrated_file, tmp_path / "var")
    synced = installed("sync_plugins", WEBNET_PLUGINS="helpdesk")

    readme = (tmp_path / "plugins" / "helpdesk" / "README.md").read_text()

    assert created.stdout == "Created plugins/helpdesk: add 'helpdesk' to WEBNET_PLUGINS.\n"
    assert "run 'webnet migrate' first" in unmigrated.stderr
    assert "run `webnet createsuperuser`" in without_terminal.stdout
    assert "run 'webnet sync_plugins --migrate'" in synced.stdout
    assert "$ webnet enable_plugin helpdesk\n" in readme
    assert "manage.py" not in "".join([readme, *(each.stdout + each.stderr for each in (created, unmigrated, synced))])


def test_the_plugins_of_the_working_directory_are_on_the_path_of_a_checkout_too(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    (folder / "packed" / "packed").mkdir(parents=True)
    (folder / "packed" / "pyproject.toml").touch()
    (folder / "packed" / "packed" / "__init__.py").write_text("print('packed')")
    (folder / "bare.py").write_text("print('bare')")
    code = "from django.conf import settings; settings.DEBUG; import bare, packed"

    ended = interpreters.run(
        ["-c", code], environment=make_environment(tmp_path / "var"), folder=tmp_path, timeout=START_SECONDS
    )

    assert ended.stdout.split() == ["bare", "packed"], ended.stderr


def test_the_version_is_webnets(capsys: pytest.CaptureFixture[str]) -> None:
    CommandLine(["--version"]).execute()

    assert capsys.readouterr().out == f"{webnet.__version__}\n"


def test_no_text_names_a_command_without_the_program() -> None:
    sources = {file.relative_to(PACKAGE).as_posix(): file.read_text() for file in PACKAGE.rglob("*.py")}

    found = {name: texts for name, source in sources.items() if (texts := list(find_unnamed(source)))}

    # Where the program gets its name.
    assert sorted(found) == ["command_line.py", "program.py"], found


def find_unnamed(source: str) -> Iterator[str]:
    """Texts, apart from docstrings, with `manage.py` or with a quoted command that the program is not named before."""
    commands = "|".join([*find_own_commands(), *NAMING_MANAGE_PY])
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for text in texts:
        is_unnamed = "manage.py" in text.value or re.search(rf"'({commands})\b[^']*'", text.value)
        if is_unnamed and id(text) not in docstrings:
            yield text.value


@pytest.mark.parametrize("text", ["'manage.py check' says", "run 'migrate' first", "see 'sync_plugins --migrate'"])
def test_a_text_that_names_a_command_is_found(text: str) -> None:
    assert list(find_unnamed(f'"""Run \'migrate\'."""\nx = f"{{a}} {text}"')) == [f" {text}"]
    assert list(find_unnamed("x = f\"run '{PROGRAM} migrate'\"")) == []


def test_each_of_djangos_commands_that_names_manage_py_is_known() -> None:
    folders = [Path(management.__file__).parent, *Path(management.__file__).parents[2].glob("contrib/*/management")]
    files = [file for folder in folders for file in folder.glob("commands/*.py")]

    naming = {file.stem for file in files if "manage.py" in file.read_text()}

    # What 'runserver' prints is in the base of all commands; GIS is not installed.
    assert naming - {"ogrinspect"} | {"runserver"} == NAMING_MANAGE_PY
