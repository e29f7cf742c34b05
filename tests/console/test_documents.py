"""The documents that the console's pages run: they fit the schema, and are what the pages say that they ran."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from webnet import console
from webnet.api.schema import full_schema
from webnet.console.frame.documents import FOLDER, MASK, mask, read_document

ROOM = Path(console.__file__).parent
NAMES = sorted(Path(each.name).stem for each in FOLDER.iterdir())


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def names_in_the_code() -> set[str]:
    """The first arguments of `frame.run` and `frame.change`, and the constants that may be passed to them."""
    texts = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts


@pytest.mark.parametrize("name", NAMES)
def test_a_document_fits_the_schema_and_is_named_after_its_operation(name):
    document = parse(read_document(name))
    [operation] = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]

    assert validate(full_schema().schema.graphql, document) == []
    assert operation.name is not None and snake_case(operation.name.value) == name


def test_each_document_is_run_by_a_page():
    assert set(NAMES) - names_in_the_code() == set()


def test_a_secret_is_masked_wherever_it_is():
    variables = {"input": {"newPassword": "s3cret", "name": "ann", "other": None}, "token": "t"}

    masked = mask(variables, ["input.newPassword", "input.other", "token", "input.missing.deeper"])

    assert masked == {"input": {"newPassword": MASK, "name": "ann", "other": None}, "token": MASK}
    assert variables["input"]["newPassword"] == "s3cret"
