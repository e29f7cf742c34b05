"""Troubleshooting knows every kind of problem, and quotes what webnet says; its commands are ones that there are."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import django
import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.documents import ROOT, Document, code_spans
from tests.docs.test_completeness import names_in, own_commands, parse_host
from webnet.contract.error_codes import ERROR_CODES, STREAM_CUTS, STREAM_ENDS
from webnet.contract.refusal_codes import FAULT_CODES, LOG_CODES, REFUSAL_CODES
from webnet.database.writability import DISK_FULL, READ_ONLY
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.health import problems
from webnet.plugins.models import HealthStatus, PluginStatus
from webnet.plugins.runtime.reported_problems import ReportedKind
from webnet.server.database_faults import SILENT

PAGE = Document.read(ROOT / "docs" / "troubleshooting.md")
PARTS = ("You see", "Why", "Do", "Fixed when")
# With fewer letters of its own, a message would fit anything.
FEWEST_LETTERS = 12
# What webnet does not say itself.
OF_DJANGO = ("http/request.py",)
# In capitals, and no code.
WORDS = {"GET", "POST", "OPTIONS", "SELECT", "ORDER", "BY"}
# How the keys of problems are made, as problems.py has it: the kinds that it stands for.
KEYS = {
    "f'{status.value}:{row.name}'": {status.value for status in problems.REMEDIES},
    "_key('paused', name, customer)": {"paused"},
    "_key('settings', name, customer)": {"settings"},
    "f'paused_for:{name}'": {"paused_for"},
    "f'settings_of:{name}'": {"settings_of"},
    "_key('unhealthy', name, customer)": {"unhealthy"},
    "'workers:old'": {"workers:old"},
    "'audit:invalid'": {"audit:invalid"},
    "'audit:checkpoint'": {"audit:checkpoint"},
    "f'reported:{kind.value}'": {f"reported:{kind.value}" for kind in ReportedKind},
}


def read_symptoms(page: Document) -> dict[str, str]:
    """The text below each heading of the third level."""
    parts = re.split(r"^### (.+)\n", re.sub(r"(?m)^## .*\n", "", page.text), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def read_quotes(page: Document) -> list[str]:
    """Each line that is said to come from webnet."""
    return [line for block in page.blocks() if block.language == "text" for line in block.text.splitlines()]


def read_commands(page: Document) -> list[str]:
    """Each `webnet …` of a block or a piece of code, without what a shell does with it."""
    lines = [line.removeprefix("$ ") for block in page.blocks() for line in block.text.splitlines() if "$ " in line]
    spans = [*lines, *code_spans(page.prose())]
    return [re.split(r" [<|] ", span)[0] for span in spans if span.startswith("webnet ")]


def find_faults_of_command(command: str) -> str:
    """Why it can't be called like that; empty if it can."""
    _, name, *arguments = shlex.split(command)
    if name not in get_commands():
        return f"There is no '{name}'."
    parser = load_command_class(get_commands()[name], name).create_parser("webnet", name)
    try:
        parser.parse_args(arguments)
    except Exception as error:  # noqa: BLE001 - Django raises CommandError, argparse what it likes
        return f"'{command}': {error}"
    return ""


@cache
def read_messages() -> tuple[re.Pattern[str], ...]:
    """Every text of webnet's code as a pattern, with anything where a value comes."""
    foreign = (Path(django.__file__).parent / name for name in OF_DJANGO)
    trees = [*parse_host(), *(ast.parse(file.read_text(encoding="utf-8")) for file in foreign)]
    return tuple(pattern for tree in trees for node in ast.walk(tree) for pattern in _make_patterns(node))


def _make_patterns(node: ast.AST) -> Iterator[re.Pattern[str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        parts = re.split(r"%[sdgr]|\{[^}]*\}", node.value)
    elif isinstance(node, ast.JoinedStr):
        values = [each.value if isinstance(each, ast.Constant) else "\0" for each in node.values]
        parts = "".join(map(str, values)).split("\0")
    else:
        return
    if len("".join(parts)) >= FEWEST_LETTERS:
        yield re.compile(".+?".join(map(re.escape, parts)), re.DOTALL)


def is_said(line: str) -> bool:
    """Whether it is a whole message, or one that follows the name of a plugin."""
    said = {line, re.sub(r"^'\w+' ", "", line)}
    return any(pattern.fullmatch(each) for each in said for pattern in read_messages())


def find_keys() -> set[str]:
    """What problems.py gives each problem as its key."""
    tree = ast.parse(Path(problems.__file__).read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem"]
    return {ast.unparse(word.value) for call in calls for word in call.keywords if word.arg == "key"}


def test_each_symptom_says_what_one_sees_and_why_and_what_to_do_and_when_it_is_over() -> None:
    symptoms = read_symptoms(PAGE)

    assert len(symptoms) > 30
    for heading, text in symptoms.items():
        assert [part for part in PARTS if f"**{part}" in text] == list(PARTS), heading


def test_the_table_at_the_top_leads_to_each_symptom() -> None:
    (rows,) = [rows[1:] for rows in PAGE.tables() if rows[0] == ("you see", "go to")]

    named = {re.findall(r"\[(.+)\]", row[1])[0].lower().replace("`", "") for row in rows}

    assert named >= {heading.lower() for heading in read_symptoms(PAGE)} - {"400, whatever is sent"}
    assert len(rows) == len(read_symptoms(PAGE))


def test_every_kind_of_problem_has_a_symptom() -> None:
    assert find_keys() == set(KEYS)
    assert names_in(PAGE, "key") == set().union(*KEYS.values())


def test_every_status_of_a_plugin_has_a_symptom() -> None:
    headings = " ".join(read_symptoms(PAGE))

    assert [status.name for status in PluginStatus if status.name not in headings] == ["LOADED"]
    assert names_in(PAGE, "reason") == {code.name for code in IneffectiveCode}
    assert names_in(PAGE, "health") == {status.name for status in HealthStatus}


@pytest.mark.slow
def test_every_health_check_of_the_host_has_a_symptom() -> None:
    text = read_symptoms(PAGE)["readyz answers 503"]
    ids = {name for tree in parse_host() for name in re.findall(r"'(webnet\.[EW]\d+)'", ast.unparse(tree))}

    assert all(reason in text for reason in (SILENT, READ_ONLY, DISK_FULL, "Migrations are missing"))
    assert names_in(PAGE, "id") - {"security.W009"} == ids


@pytest.mark.slow
def test_every_quoted_message_is_one_of_webnets() -> None:
    quotes = read_quotes(PAGE)

    assert len(quotes) > 50
    assert [line for line in quotes if not is_said(line)] == []
    assert not is_said("The database is on fire.") and not is_said("Set WEBNET_SECRET_KEY to a short text.")


def test_every_code_is_one_that_webnet_gives() -> None:
    given = {*REFUSAL_CODES, *FAULT_CODES, *ERROR_CODES, *STREAM_CUTS, *STREAM_ENDS, *LOG_CODES}
    others = {each.name for kind in (PluginStatus, IneffectiveCode, HealthStatus) for each in kind}
    variables = names_in(Document.read(ROOT / "README.md"), "variable")

    found = {span for span in code_spans(PAGE.prose()) if re.fullmatch(r"[A-Z]{2,}[A-Z_]*", span)}

    assert len(found) > 30
    assert found - others - variables - WORDS <= given


def test_every_command_is_one_that_there_is() -> None:
    commands = read_commands(PAGE)

    assert len(commands) > 20
    assert {shlex.split(command)[1] for command in commands} <= own_commands() | {"check", "migrate"}
    assert [fault for command in commands if (fault := find_faults_of_command(command))] == []
    assert find_faults_of_command("webnet resume_plugin helpdesk --custom acme")


def test_every_name_of_the_schema_is_in_it() -> None:
    words = set(re.findall(r"\w+", (ROOT / "schema.graphql").read_text(encoding="utf-8")))

    named = {span for span in code_spans(PAGE.prose()) if re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", span)}

    assert named >= {"ineffectiveReasons", "effectivePlugins"} and named <= words
