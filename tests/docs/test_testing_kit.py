"""The tests that the guide shows pass in what `startplugin` makes, and its tables tell of all that the kit has."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.docs.documents import ROOT, Document, code_spans
from webnet.sdk import testing
from webnet.sdk.checking.report import RULES
from webnet.sdk.testing import fixtures

pytestmark = with_files_of_its_own

GUIDE = Document.read(ROOT / "docs" / "plugin-development.md")
PLACE = re.compile(r"# plugins/my_notes/(tests/test_\w+\.py)\n")


def read_tests() -> dict[str, str]:
    """The tests that the guide shows for the plugin `my_notes`, by where they are."""
    found = [(PLACE.match(block.text), block.text) for block in GUIDE.blocks() if block.language == "python"]
    return {place[1]: text for place, text in found if place}


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
    environment["TEST_DATABASE"] = "sqlite"  # on a server, it would want to make these tests' own database again
    command = ["-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    return interpreters.run(command, environment=environment, folder=folder, timeout=300)


def test_the_tests_that_the_guide_shows_pass(settings: Settings, tmp_path: Path) -> None:
    settings.HOME_DIR = tmp_path
    call_command("startplugin", "my_notes")
    folder = tmp_path / "plugins" / "my_notes"
    (folder / "tests" / "test_my_notes.py").unlink()
    for place, text in read_tests().items():
        (folder / place).write_text(text)

    done = run_pytest(folder)

    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_what_the_guide_sets_is_what_the_template_sets() -> None:
    (shown,) = [
        block.text for block in GUIDE.blocks() if "webnet.sdk.testing" in block.text and block.language == "toml"
    ]
    template = (ROOT / "examples" / "plugin_template" / "pyproject.toml").read_text()
    options = [tomllib.loads(text)["tool"]["pytest"]["ini_options"] for text in (shown, template)]

    assert options[0]["addopts"] == options[1]["addopts"][:2] and options[0]["pythonpath"] == options[1]["pythonpath"]
    assert set(options[0]) < set(options[1])


@pytest.mark.parametrize("heading", ["fixture", "assertion"])
def test_the_tables_are_whole(heading: str) -> None:
    documented = {re.split(r"[(]", name)[0] for row in GUIDE.table(heading) for name in code_spans(row[0])}

    assert (
        documented
        == {
            "fixture": {
                name for name in vars(fixtures) if re.match(r"(make_)?webnet_|\w+_plugin$|hook_context$", name)
            },
            "assertion": {name for name in testing.__all__ if name.startswith("assert_")},
        }[heading]
    )


def test_every_rule_of_the_check_is_in_the_guide_with_its_grade() -> None:
    documented = {rule: row[1] for row in GUIDE.table("rule") for rule in code_spans(row[0])}

    assert documented == {rule: grade.value for rule, grade in RULES.items()}


def test_every_type_of_the_kit_is_in_the_guide() -> None:
    public = {name for name in testing.__all__ if name[0].isupper()} - {"BootedWebnet", "HttpClient"}

    assert public <= code_spans(GUIDE.prose())
