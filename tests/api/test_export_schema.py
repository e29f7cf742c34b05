"""The command that prints the schema and finds that a file is not the same."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from webnet.api.visibility import visible_schema

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("export_schema", *arguments, stdout=output)
    return output.getvalue()


def test_schema_is_printed():
    assert run() == visible_schema(None).export()


def test_same_file_is_up_to_date(tmp_path):
    file = tmp_path / "schema.graphql"
    file.write_text(run())

    assert "is up to date" in run("--check", str(file))


def test_drift_is_shown_and_fails(tmp_path):
    file = tmp_path / "schema.graphql"
    file.write_text(run().replace("type Viewer {", "type Onlooker {"))
    output = StringIO()

    with pytest.raises(CommandError) as raised:
        call_command("export_schema", "--check", str(file), stdout=output)

    assert raised.value.returncode == 1
    assert "-type Onlooker {\n+type Viewer {" in output.getvalue()


def test_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="can't be read"):
        run("--check", str(tmp_path / "absent.graphql"))


def test_file_of_the_repository_is_up_to_date():
    assert "is up to date" in run("--check", str(ROOT / "schema.graphql"))
