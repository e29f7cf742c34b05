"""The command that checks the documents of a client, with the example plugins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from graphql import build_schema, parse, validate

from tests.api.client_documents import DEVICES, RIGHT, SITES, UNGUARDED, WRONG
from tests.docs.documents import ROOT, Document, code_spans
from webnet.api.engine.guarded_parts import pare
from webnet.api.engine.ownership import Ownership
from webnet.api.schema import full_schema
from webnet.api.superset import document_check
from webnet.api.superset.documents import read_documents
from webnet.api.superset.faults import FaultCode
from webnet.api.superset.plugin_parts import InstalledPlugins, find_plugin_faults
from webnet.api.superset.sdl import export_superset
from webnet.api.visibility import schema_without


def check(*places: Path | str) -> tuple[int, list[str]]:
    """The exit code and the lines of the command."""
    output = StringIO()
    try:
        call_command("check_documents", *map(str, places), stdout=output)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue().splitlines()
    return 0, output.getvalue().splitlines()


@pytest.fixture(scope="module", autouse=True)
def _superset_is_built_once() -> Iterator[None]:
    """It is the same for all of these tests."""
    text = export_superset(full_schema())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_check, "export_superset", lambda _full: text)
        patch.setattr(document_check, "build_schema", cache(build_schema))
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "client.graphql"


@pytest.mark.parametrize("document", RIGHT.values(), ids=RIGHT)
def test_nothing_is_found_in_right_documents(file: Path, document: str) -> None:
    file.write_text(document)

    code, lines = check(file)

    assert code == 0 and len(lines) == 1, lines
    assert re.fullmatch(r"1 operation and \d fragments? in 1 file: no faults\.", lines[0])


# What a customer may have: with each plugin, all that it needs.
EFFECTIVE = [
    (),
    ("shelf",),
    ("device_inventory",),
    ("device_inventory", "site_map"),
    ("device_inventory", "reachability"),
    ("device_inventory", "site_map", "reachability", "hello_world", "shelf"),
]


@pytest.mark.parametrize("effective", EFFECTIVE, ids="+".join)
def test_right_documents_are_valid_for_every_customer(effective: tuple[str, ...]) -> None:
    schema = schema_without(full_schema().owners.plugins - set(effective)).graphql

    for document in map(parse, RIGHT.values()):
        pared = pare(document, effective, ())
        assert pared.refused or validate(schema, pared.validated) == []


@pytest.mark.parametrize("name", [name for name, (_, faults) in WRONG.items() if "UNGUARDED" in faults[0][2]])
def test_unguarded_documents_are_refused_for_some_customer(name: str) -> None:
    document = parse(WRONG[name][0])

    def is_valid(effective: tuple[str, ...]) -> bool:
        pared = pare(document, effective, ())
        schema = schema_without(full_schema().owners.plugins - set(effective)).graphql
        return bool(pared.refused) or validate(schema, pared.validated) == []

    assert not all(map(is_valid, EFFECTIVE))


@pytest.mark.parametrize(("document", "faults"), WRONG.values(), ids=WRONG)
def test_each_fault_is_found_where_it_is(file: Path, document: str, faults: list[tuple[int, int, str, str]]) -> None:
    file.write_text(document)

    code, (*lines, summary) = check(file)

    assert code == 1 and len(lines) == len(faults), lines
    for line, (row, column, kind, message) in zip(lines, faults, strict=True):
        assert line.startswith(f"{file}:{row}:{column}: {kind} ") and message.format(file=file) in line, line
    assert summary == "1 fault in 1 file."


def test_all_faults_of_all_files_are_found_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "b.gql").write_text("query B { sites { totalCount } devices { totalCount } nothing }")
    (tmp_path / "a.graphql").write_text('{ viewer @ifPlugin(name: "sight_map") { user { id } } }')

    code, lines = check(tmp_path)

    found = [re.sub(r".*/(\S+): (\w+) .*", r"\1 \2", line) for line in lines]
    assert code == 1
    assert found == [
        "a.graphql:1:26 UNKNOWN_PLUGIN",
        f"b.gql:1:11 {UNGUARDED}",
        f"b.gql:1:32 {UNGUARDED}",
        "b.gql:1:55 INVALID_DOCUMENT",
        "4 faults in 2 files.",
    ]


def test_the_files_are_one_set(tmp_path: Path) -> None:
    operations, fragments = tmp_path / "operations.graphql", tmp_path / "parts" / "fragments.graphql"
    fragments.parent.mkdir()
    operations.write_text(f"{{ devices {DEVICES} {{ nodes {{ ...Card }} }} }}")
    fragments.write_text(
        f"fragment Card on Device {{ name site {SITES} {{ ...Place }} }}\nfragment Place on Site {{ name }}"
    )

    assert check(tmp_path) == check(operations, fragments)
    assert check(tmp_path) == (0, ["1 operation and 2 fragments in 2 files: no faults."])

    code, lines = check(operations)
    assert code == 1 and "Unknown fragment 'Card'" in lines[0]

    # A spread in one file can take away what guards a fragment of another.
    (tmp_path / "other.graphql").write_text('query Other { node(id: "x") { ...Card } }')
    code, lines = check(tmp_path)
    assert code == 1 and lines[0].startswith(f"{fragments}:1:18: UNGUARDED_PLUGIN_TYPE The type 'Device'")
    assert lines[0].endswith(f"or '...Card' at {tmp_path / 'other.graphql'}:1:31.")

    (tmp_path / "other.graphql").write_text("fragment Card on User { name }")
    code, lines = check(tmp_path)
    assert code == 1 and "DUPLICATE_NAME The fragment 'Card' exists already" in "\n".join(lines)


def test_the_example_and_the_codes_of_the_documentation_are_right(file: Path) -> None:
    guide = Document.read(ROOT / "docs" / "frontend-development.md")
    (example,) = [block.text for block in guide.blocks() if block.language == "graphql"]

    file.write_text(example)
    assert check(file) == (0, ["1 operation and 1 fragment in 1 file: no faults."])
    file.write_text(example.replace(f" {DEVICES}", "").replace(f" {SITES}", ""))
    assert len(check(file)[1]) == 3 + 1

    assert [name for row in guide.table("fault") for name in code_spans(row[0])] == list(FaultCode)


def test_the_documents_of_the_clients_that_tests_run_are_right() -> None:
    for folder in (ROOT / "tests" / "typed_clients" / "src", ROOT / "examples" / "python_client"):
        code, lines = check(folder)

        assert code == 0 and lines[-1].endswith(": no faults."), lines


def test_a_file_with_a_syntax_error_is_not_blamed_for_the_fragments_that_others_need(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("{ viewer { user { ...Name } } }")
    (tmp_path / "b.graphql").write_text("fragment Name on User { name ")

    code, lines = check(tmp_path)

    assert code == 1 and len(lines) == 2 and "b.graphql:1:30: SYNTAX_ERROR" in lines[0]


def test_fragments_in_a_circle_are_a_fault_and_no_endless_work(file: Path) -> None:
    file.write_text(
        "{ customers { nodes { ...A } } } fragment A on Customer { ...B deviceCount } fragment B on Customer { ...A }"
    )

    code, lines = check(file)

    assert code == 1 and [line.split()[1] for line in lines[:-1]] == ["INVALID_DOCUMENT", UNGUARDED]


def test_conflicts_are_found_that_only_customers_with_the_plugin_have(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`added` is never null there, but may be null in the superset, like `other`."""
    text = """
        directive @ifPlugin(name: String!) on FIELD
        type Query { one: Any } union Any = A | B type A { added: Int! } type B { other: Int }
    """
    strict: Any = SimpleNamespace(graphql=build_schema(text), export=lambda: text)
    owners = Ownership(types={}, fields={("A", "added"): "shop"})
    full: Any = SimpleNamespace(schema=strict, owners=owners)
    monkeypatch.setattr(document_check, "export_superset", export_superset)
    plugins = InstalledPlugins(needs={"shop": frozenset()}, not_loaded={})
    file.write_text('{ one { ... on A { n: added @ifPlugin(name: "shop") } ... on B { n: other } } }')

    (fault,) = document_check.check_documents(read_documents([file]), full, plugins)

    assert fault.message.startswith("Fields 'n' conflict because they return conflicting types 'Int!' and 'Int'.")


def test_a_document_that_webnet_refuses_for_its_repetitions_is_found_and_others_are_still_checked(
    tmp_path: Path,
) -> None:
    again = " ".join(["user { id name username }"] * 120)
    (tmp_path / "a.graphql").write_text(f"query A {{ viewer {{ {again} }} }}")
    (tmp_path / "b.graphql").write_text("query B { viewer { user { id: name id } } }")

    code, lines = check(tmp_path)

    assert code == 1 and len(lines) == 3
    assert lines[0].startswith(f"{tmp_path / 'a.graphql'}:1:1: INVALID_DOCUMENT It selects the same fields again and")
    assert lines[1].startswith(f"{tmp_path / 'b.graphql'}:1:27: INVALID_DOCUMENT Fields 'id' conflict")


def test_files_are_found_by_folder_and_pattern_and_schemas_and_packages_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "src" / "a.graphql").write_text("{ viewer { user { id } } }")
    (tmp_path / "src" / "deep" / "b.gql").write_text("query B { viewer { user { id } } }")
    (tmp_path / "src" / "c.ts").write_text("const a = 1")
    (tmp_path / "node_modules" / "d.graphql").write_text("{ nothing }")
    (tmp_path / "schema.graphql").write_text("type Query { one: Int }")
    fine = "2 operations and 0 fragments in 2 files: no faults."

    assert check(tmp_path) == (0, [f"{tmp_path / 'schema.graphql'} defines a schema, and is left out.", fine])
    assert (
        check(tmp_path / "src" / "**" / "*") == check(tmp_path / "src", tmp_path / "src" / "a.graphql") == (0, [fine])
    )


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (None, "", r"There is no .graphql or .gql file at '.*'."),
        (None, "absent.graphql", r"There is no .graphql or .gql file at '.*absent.graphql'."),
        (b"const a = 1", "client.ts", r"'.*client.ts' is not a .graphql or .gql file."),
        (b"\xff", "client.graphql", r"'.*client.graphql' can't be read: it is not UTF-8."),
        (b"type Query { one: Int }", "schema.graphql", "There is no document in these files."),
    ],
)
def test_without_a_document_it_fails_otherwise(tmp_path: Path, content: bytes | None, place: str, message: str) -> None:
    if content is not None:
        (tmp_path / place).write_bytes(content)

    with pytest.raises(CommandError, match=message) as raised:
        check(tmp_path / place)

    assert raised.value.returncode == 2


def test_a_plugin_that_is_not_loaded_is_called_so() -> None:
    plugins = InstalledPlugins(needs={}, not_loaded={"shop": "It needs 'till'."})
    document = parse('{ viewer @ifPlugin(name: "shop") { user { id } } }')

    full = full_schema()
    faults = find_plugin_faults(full.schema.graphql, document.definitions, owners=full.owners, plugins=plugins)

    assert [each.message for each in faults] == ["The plugin 'shop' is installed but not loaded: It needs 'till'."]


def test_input_fields_that_a_plugin_adds_are_looked_at_wherever_they_are() -> None:
    schema = build_schema("""
        input Inner { own: Int added: Int }
        input Outer { inner: [Inner!] }
        type Query { find(in: [Outer!]): Int }
    """)
    owners = Ownership(types={}, fields={("Inner", "added"): "shop"})
    plugins = InstalledPlugins(needs={"shop": frozenset()}, not_loaded={})
    document = parse(
        '{ find(in: [{ inner: { own: 1, added: 2 } }]) b: find(in: { inner: { added: 1 } }) @ifPlugin(name: "shop") }'
    )

    (fault,) = find_plugin_faults(schema, document.definitions, owners=owners, plugins=plugins)

    assert fault.message.startswith("The input field 'Inner.added' exists only with the plugin 'shop'")
    assert (fault.line, fault.column) == (1, 32)
