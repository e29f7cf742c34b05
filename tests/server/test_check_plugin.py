"""`manage.py check_plugin NAME`: what it prints, how it ends, and that it touches nobody's database."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.databases import with_files_of_its_own
from tests.servers import run_command
from webnet.sdk.checking import run_check
from webnet.sdk.checking.report import Grade, Report, RuleFinding
from webnet.server.management.commands import check_plugin

pytestmark = with_files_of_its_own

EXAMPLES = ("hello_world", "device_inventory", "site_map", "reachability")
NOTHING = {"error": 0, "warning": 0, "advice": 0}


def run(*arguments: str) -> tuple[str, int]:
    """What it printed, and its exit code."""
    output = io.StringIO()
    try:
        call_command("check_plugin", *arguments, stdout=output)
    except SystemExit as end:
        return output.getvalue(), int(str(end.code))
    return output.getvalue(), 0


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Rules, one finding of each of which the check shall have."""
    rules: list[str] = []

    def check(module: str, *, needs: tuple[str, ...], **_options: object) -> Report:
        parts = {"plugin": module, "place": f"needs {needs}", "message": "it is so", "way_out": "make it otherwise"}
        findings = tuple(RuleFinding(rule=rule, **parts) for rule in rules)
        return Report(plugin=module, version="1.0", findings=findings, skipped=("leaks",) if rules else ())

    monkeypatch.setattr(check_plugin, "check_plugin", check)
    return rules


@pytest.mark.usefixtures("found")
def test_without_a_finding_it_says_so() -> None:
    assert run("hello_world") == ("'hello_world' 1.0: nothing found.\n", 0)


def test_a_finding_is_a_line_with_grade_rule_plugin_place_and_way_out(found: list[str]) -> None:
    found += ["hooks.page", "hooks.widget", "docs.readme", "metadata.homepage"]

    printed, code = run("hello_world")

    lines = printed.splitlines()
    assert lines[0] == "error    hooks.page  Plugin 'hello_world', needs (): it is so: make it otherwise."
    assert lines[4:] == [
        "Not checked because of these errors: leaks.",
        "'hello_world' 1.0: 2 errors, 1 warning, 1 advice.",
    ]
    assert code == 1


@pytest.mark.parametrize(
    ("rule", "code", "strict_code"), [("hooks.page", 1, 1), ("docs.readme", 0, 1), ("metadata.homepage", 0, 0)]
)
def test_errors_and_with_strict_warnings_end_it_with_1(
    found: list[str], rule: str, code: int, strict_code: int
) -> None:
    found.append(rule)

    assert (run("hello_world")[1], run("hello_world", "--strict")[1]) == (code, strict_code)


def test_as_json_it_has_everything_by_name(found: list[str]) -> None:
    found.append("docs.readme")

    printed, _ = run("hello_world", "--format", "json")

    assert json.loads(printed) == {
        "plugin": "hello_world",
        "version": "1.0",
        "counts": NOTHING | {"warning": 1},
        "findings": [
            {
                "rule": "docs.readme",
                "grade": "warning",
                "plugin": "hello_world",
                "place": "needs ()",
                "message": "it is so",
                "way_out": "make it otherwise",
            }
        ],
        "skipped": ["leaks"],
    }


def test_what_a_plugin_needs_is_loaded_before_it(found: list[str]) -> None:
    found.append("docs.readme")

    assert "needs ('device_inventory',): it is so" in run("site_map")[0]


def test_the_schema_stored_beside_an_example_still_holds() -> None:
    """Breaking changes want another version; all that is added since is listed."""
    printed, _ = run("site_map", "--against", "1.0.0", "--format", "json")

    assert {each["rule"] for each in json.loads(printed)["findings"]} <= {"schema.compatible", "schema.dangerous"}


STORING = """
from webnet.plugins.base import GraphQLExtension, PluginBase
from webnet.sdk import graphql

@graphql.type
class Queries:
    @graphql.field
    @staticmethod
    def storing(info: graphql.Info) -> int:
        'One.'
        return 1

class Plugin(PluginBase):
    name = "storing"
    version = "1.0"

    def get_graphql_schema(self):
        return GraphQLExtension(query=Queries)
"""


def write_plugin(folder: Path, *, more: str = "") -> Path:
    """A plugin with one field; returns where its schema is stored."""
    (folder / "storing").mkdir()
    (folder / "storing" / "__init__.py").touch()
    (folder / "storing" / "plugin.py").write_text(STORING + more)
    return folder / "storing" / "schemas" / "1.0.graphql"


def test_what_it_stores_is_what_it_is_compared_with(tmp_path: Path) -> None:
    stored = write_plugin(tmp_path)
    report = run_check.check_plugin("storing", path=[tmp_path], store=True)
    assert report.stored == str(stored), report

    again = run_check.check_plugin("storing", path=[tmp_path], against="1.0")

    assert stored.read_text() == 'extend type Query {\n  """One."""\n  storing: Int!\n}\n'
    assert [each for each in again.findings if each.rule.startswith("schema.")] == []


def test_a_stored_file_that_is_no_schema_is_found(tmp_path: Path) -> None:
    stored = write_plugin(tmp_path)
    stored.parent.mkdir()
    stored.write_text("<<<<<<< mine")

    report = run_check.check_plugin("storing", path=[tmp_path], against="1.0")

    (found,) = (each for each in report.findings if each.rule.startswith("schema."))
    assert found.rule == "schema.baseline" and "is not SDL: Syntax Error: " in found.message


def test_with_errors_it_stores_nothing(tmp_path: Path) -> None:
    stored = write_plugin(tmp_path, more="\n    def on_enable(self, context):\n        raise ValueError\n")

    report = run_check.check_plugin("storing", path=[tmp_path], store=True)

    assert report.count(Grade.ERROR) and not report.stored and not stored.parent.exists()


@pytest.mark.parametrize("name", ["no_such_plugin", "../up", "no.such", ""])
def test_a_plugin_that_is_nowhere_is_told_with_the_way_out(name: str) -> None:
    with pytest.raises(CommandError, match=r"There is no plugin '.*' and no package '.*': list it in WEBNET_PLUGINS"):
        run(name)


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_is_found_in_an_example(example: str) -> None:
    printed, code = run(example, "--format", "json", "--strict")

    report = json.loads(printed)
    assert (report["findings"], report["skipped"], report["version"], code) == ([], [], "1.0.0", 0)


def test_nothing_is_found_in_what_startplugin_makes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HOME_DIR = tmp_path
    call_command("startplugin", "my_notes")
    monkeypatch.syspath_prepend(tmp_path / "plugins" / "my_notes")

    printed, code = run("my_notes", "--format", "json", "--strict")

    report = json.loads(printed)
    assert (report["findings"], report["skipped"], report["version"], code) == ([], [], "0.1.0", 0)


def test_the_operators_database_is_left_alone(tmp_path: Path) -> None:
    done = run_command("check_plugin", "hello_world", data_dir=tmp_path)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "'hello_world' 1.0.0: nothing found.")
    # The folder of the processes' black boxes, which is empty again.
    assert [each.name for each in tmp_path.rglob("*")] == ["processes"]
