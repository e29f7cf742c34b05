"""The table from REST to GraphQL: every endpoint has its operation, and an example that is run."""

from __future__ import annotations

import re

import pytest
from graphql import build_schema, parse

from tests.docs.documents import ROOT, Document, code_spans

REFERENCE = Document.read(ROOT / "docs" / "plugin-quick-reference.md")
ROWS = REFERENCE.table("REST")

# What the REST design had, in its order.
ENDPOINTS = (
    *("sync", "list", "get", "enable", "disable", "update settings", "health"),
    *(f"{name} for a customer" for name in ("list", "get", "enable", "disable", "update settings")),
    *("list audit logs", "get an audit log"),
)


def examples_under(heading: str) -> tuple[str, ...]:
    """The operations between this heading and the next one."""
    section = re.split(rf"^##+ {re.escape(heading)}$", REFERENCE.text, flags=re.MULTILINE | re.IGNORECASE)[1]
    section = re.split(r"^##+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    blocks = Document(name="section.md", text=section).blocks()
    return tuple(block.text for block in blocks if block.language == "graphql")


def root_fields(document: str) -> set[str]:
    """What an operation asks for, at its top."""
    return {
        selection.name.value
        for definition in parse(document).definitions
        for selection in definition.selection_set.selections
    }


def test_every_endpoint_has_its_row() -> None:
    assert tuple(re.findall(r"\[(.*?)\]", row[2])[0] for row in ROWS) == ENDPOINTS


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_a_row_names_an_operation_and_shows_it(row: tuple[str, ...]) -> None:
    _, named, example = row
    operation = re.findall(r"`(\w+)`", named)[0]
    heading = re.findall(r"\[(.*?)\]", example)[0]

    shown = set[str]().union(*map(root_fields, examples_under(heading)))

    assert operation in shown  # what is shown is run, with its answer, by test_examples


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_what_a_row_names_is_in_the_schema(row: tuple[str, ...]) -> None:
    types = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8")).type_map
    for name in code_spans(row[1]):
        owner, _, field = name.rpartition(".")
        owners = [owner] if owner else ["Query", "Mutation"]
        assert any(field in types[each].fields for each in owners), f"The schema has no {name}."
