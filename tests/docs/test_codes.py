"""The catalogue of codes has every code that webnet gives, and no other: when it comes, and what a client does then."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from django.core import validators
from django.db import models

from tests.databases import with_files_of_its_own
from tests.docs.documents import ROOT, Document, code_spans
from webnet.api.events.sse import COME_AGAIN
from webnet.api.responses import STATUS_BY_CODE
from webnet.contract.codes import CodeMeaning
from webnet.contract.error_codes import ERROR_CODES, OF_DOCUMENT, STREAM_CUTS, STREAM_ENDS
from webnet.contract.refusal_codes import FAULT_CODES, LOG_CODES, REFUSAL_CODES
from webnet.errors import Refusal

TABLES: Mapping[str, Mapping[str, CodeMeaning]] = {
    "refusals": REFUSAL_CODES,
    "faults": FAULT_CODES,
    "errors": ERROR_CODES,
    "ends of streams": STREAM_ENDS,
    "cuts of streams": STREAM_CUTS,
    "the log": LOG_CODES,
}
# Roots that are never raised as they are, and what ends the loading of a plugin.
NEVER_SHOWN = {"WEBNET_ERROR", "NOT_FOUND", "PLUGIN_DEFINITION"}
# Where codes are also chosen by rules, and not given in a call alone: all that looks like a code there is one.
OF_RULES = "webnet/api/errors.py"
CODE = re.compile(r"[A-Z][A-Z_]{3,}")


def find_codes(tree: ast.Module, *, are_all: bool = False) -> Iterator[str]:
    """The codes that errors are given, by `code = "X"` in a class, `code="X"` in a call, or `("X", f"its message")`.

    A name may stand for the text. With `are_all`, each constant that looks like a code is one.
    """
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if are_all and isinstance(node, ast.Constant):
            yield from _read_codes(node)
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.JoinedStr):
            yield from _read_codes(node.elts[0])
        if isinstance(node, ast.keyword) and node.arg == "code":
            yield from _read_codes(node.value)
            if isinstance(node.value, ast.Name) and node.value.id in names:
                yield from _read_codes(names[node.value.id])
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["code"]:
            yield from _read_codes(node.value)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "code" and node.value is not None:
            yield from _read_codes(node.value)


def _read_codes(node: ast.expr) -> Iterator[str]:
    texts = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    yield from (text for text in texts if CODE.fullmatch(text))


def find_statuses(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The codes that have a status where they are given: `BadRequest(code="X", status=1)`, or a class with both."""
    for node in ast.walk(tree):
        given: dict[str, object] = {}
        if isinstance(node, ast.Call):
            given = {str(each.arg): _value(each.value) for each in node.keywords}
        elif isinstance(node, ast.ClassDef):
            lines = (each for each in node.body if isinstance(each, ast.Assign))
            given = {ast.unparse(each.targets[0]): _value(each.value) for each in lines}
        code, status = given.get("code"), given.get("status")
        if isinstance(code, str) and isinstance(status, int):
            yield code, status


def _value(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


@cache
def parse_host() -> tuple[tuple[str, ast.Module], ...]:
    """All of webnet's Python but the catalogue itself."""
    files = sorted((ROOT / "webnet").rglob("*.py"))
    found = ((path.relative_to(ROOT).as_posix(), path) for path in files)
    return tuple((name, ast.parse(path.read_text())) for name, path in found if not name.startswith("webnet/contract/"))


def run(*arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, ROOT / "tools" / "code_catalogue.py", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_the_catalogue_has_every_code_that_is_given_and_no_other() -> None:
    given = {code for name, tree in parse_host() for code in find_codes(tree, are_all=name == OF_RULES)}
    known = {code for name, codes in TABLES.items() if name != "faults" for code in codes}

    assert known == given - NEVER_SHOWN


def test_every_refusal_has_its_codes_in_the_catalogue() -> None:
    assert set(REFUSAL_CODES) == {code for kind in Refusal.__subclasses__() for code in kind.codes}


def test_a_stream_is_cut_for_what_the_catalogue_says_and_ends_for_the_rest() -> None:
    assert set(STREAM_CUTS) == COME_AGAIN
    assert set(STREAM_ENDS) <= {*ERROR_CODES, *REFUSAL_CODES} - COME_AGAIN


def test_faults_have_the_codes_of_djangos_checks() -> None:
    kinds = (each for each in vars(models).values() if isinstance(each, type) and issubclass(each, models.Field))
    found = {code for kind in kinds for code in kind.default_error_messages}
    for each in vars(validators).values():
        more = getattr(each, "messages", None)
        if isinstance(each, type) and each is not validators.BaseValidator:
            found |= {each.code} if isinstance(getattr(each, "code", None), str) else set()
            found |= set(more) if isinstance(more, dict) else set()

    assert set(FAULT_CODES) == {code.upper() for code in found - {"invalid"} | {"unique_together"}}


@pytest.mark.parametrize("codes", TABLES.values(), ids=TABLES)
def test_each_entry_says_in_sentences_when_it_comes_and_what_a_client_does(codes: Mapping[str, CodeMeaning]) -> None:
    # In a cell of a table; it may begin with a field's name.
    sentence = re.compile(r"[A-Z`][^|\n]{8,}\.")

    assert codes
    assert [code for code, meaning in codes.items() if not sentence.fullmatch(meaning.when)] == []
    assert [code for code, meaning in codes.items() if not sentence.fullmatch(meaning.client)] == []


def test_each_error_has_a_status() -> None:
    assert [code for code, meaning in ERROR_CODES.items() if not re.match(r"[245]\d\d\b", meaning.http)] == []


@pytest.mark.slow
def test_statuses_are_those_of_the_code() -> None:
    given = {each for _, tree in parse_host() for each in find_statuses(tree)} | set(STATUS_BY_CODE.items())

    assert {code for code, _ in given} > {"CSRF_FAILED", "BODY_TOO_LARGE", "SERVER_BUSY", "RATE_LIMITED"}
    assert [(code, status) for code, status in given if str(status) not in ERROR_CODES[code].http] == []


def test_a_new_code_would_be_seen() -> None:
    tree = ast.parse(
        "class X:\n    code = 'SOME_CODE'\n    code: str = 'ANNOTATED_CODE'\nNAMED = 'NAMED_CODE'\n"
        'raise X(code="OTHER_CODE" if a else "THIRD_CODE")\nb = ("FOURTH_CODE", f"{a}")\nX(code=NAMED)\n'
        'c = "ANY_CODE"\n'
    )
    status = ast.parse('class X:\n    code = "A_B"\n    status = 1\nX("", code="C_D", status=2)\nX(code="E_F")')
    found = {"SOME_CODE", "ANNOTATED_CODE", "NAMED_CODE", "OTHER_CODE", "THIRD_CODE", "FOURTH_CODE"}

    assert set(find_codes(tree)) == found
    assert set(find_codes(tree, are_all=True)) == {*found, "ANY_CODE"}
    assert set(find_statuses(status)) == {("A_B", 1), ("C_D", 2)}


@with_files_of_its_own
@pytest.mark.acceptance
def test_the_document_is_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    assert run("--check") == (0, "docs/codes.md is up to date.\n")
    assert run("--check", "--root", tmp_path) == (1, "docs/codes.md is out of date: run 'make schema'.\n")
    assert run("--root", tmp_path) == (0, "")
    assert run("--check", "--root", tmp_path)[0] == 0


def test_the_document_has_each_code_with_its_type_or_its_status() -> None:
    page = Document.read(ROOT / "docs" / "codes.md")
    rows = [table[1:] for table in page.tables()]
    found = [{name for row in table for name in code_spans(row[0])} for table in rows]
    others = [set(codes) for name, codes in TABLES.items() if name != "refusals"]
    of_refusals = found[: -len(others)]

    assert found[-len(others) :] == others
    types = re.findall(r"^### (\w+)$", page.text, re.MULTILINE)
    assert dict(zip(types, of_refusals, strict=True)) == {
        kind.__name__: set(kind.codes) for kind in Refusal.__subclasses__()
    }
    assert ["`TOO_MANY_ALIASES`", OF_DOCUMENT] in [list(row[:2]) for table in rows for row in table]
