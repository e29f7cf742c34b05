"""The codes of each refusal: complete in `codes`, and so in the description of its GraphQL type, made of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import webnet
from webnet import errors
from webnet.api.declarations.refusals import REFUSALS
from webnet.api.visibility import visible_schema

FOLDER = Path(webnet.__file__).parent
KINDS = {kind.__name__: kind for kind, _, _ in REFUSALS}
# What gathers faults, and raises InvalidInput for them.
GATHERING = {"faults.add": "InvalidInput", "InputFault": "InvalidInput"}
# Given where the kind can't be read from the call: `name_customers(…, code=…)` and data of the kernel.
ELSEWHERE = {"DependencyRefusal": {"DEPENDENTS_ENABLED", "DEPENDENCY_DISABLED"}}


def find_given(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The refusals that are made with a code of their own, each with that code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in KINDS:
            inside = (call for call in ast.walk(node) if isinstance(call, ast.Call) and ast.unparse(call.func) == "cls")
            yield from ((node.name, code) for call in inside for code in read_code(call))
        if isinstance(node, ast.Call):
            made = ast.unparse(node.func)
            kind = GATHERING.get(made, made.rpartition(".")[2])
            yield from ((kind, code) for code in read_code(node) if kind in KINDS)


def read_code(call: ast.Call) -> Iterator[str]:
    given = (each.value for each in call.keywords if each.arg == "code")
    yield from (each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))


def given_codes() -> dict[str, set[str]]:
    found = {name: {kind.code} - {"NOT_FOUND"} | ELSEWHERE.get(name, set()) for name, kind in KINDS.items()}
    for file in FOLDER.rglob("*.py"):
        for name, code in find_given(ast.parse(file.read_text(encoding="utf-8"))):
            found[name].add(code)
    return found


@pytest.mark.slow
def test_every_refusal_knows_all_codes_that_it_is_given() -> None:
    assert {name: set(kind.codes) for name, kind in KINDS.items()} == given_codes()


def test_a_code_that_is_given_would_be_seen() -> None:
    text = """
class NotFound:
    def one(cls): return cls("…", code="A_NOT_FOUND")
raise errors.PermissionDenied("…", code="NOT_NOW")
faults.add("…", "name", code="TOO_SHORT")
raise Other("…", code="OTHER")
"""

    assert set(find_given(ast.parse(text))) == {
        ("NotFound", "A_NOT_FOUND"),
        ("PermissionDenied", "NOT_NOW"),
        ("InvalidInput", "TOO_SHORT"),
    }


@pytest.mark.parametrize("name", KINDS)
def test_the_description_of_each_refusal_has_all_of_its_codes(name: str) -> None:
    described = visible_schema(None).graphql.type_map[name].description

    assert described.endswith(f" {', '.join(KINDS[name].codes)}.")
    assert len(set(KINDS[name].codes)) == len(KINDS[name].codes)


def test_every_refusal_is_shown_in_the_schema() -> None:
    assert set(KINDS.values()) == set(errors.Refusal.__subclasses__())
