"""Every document of the documentation, the examples, the benchmarks and GraphiQL is far below its reader's budget."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, get_introspection_query, parse, validate

from tests.docs.documents import ROOT, find_documents, find_operations
from tests.docs.graphql_blocks import is_file, read_who
from webnet.api.engine.cost import SameDocument, measure_cost, read_sizes
from webnet.api.paging.pages import LARGEST_PAGE
from webnet.api.schema import full_schema

# It does not matter how many plugins there are: lists and pages count with their greatest size.
SHARE = 4
# Some documents are of plugins that only their own tutorial has; a test that found none would say nothing.
LEAST_FOUND = {"docs": 100, "examples": 15, "benchmarks": 5, "frontend": 1}
# The last two are what a reader of examples/python_client makes there.
SKIPPED = {"node_modules", "__pycache__", ".venv", "client"}


def find_texts() -> Iterator[tuple[str, str, int]]:
    """(place, text, budget) of what may be a document."""
    for document in (*find_documents(), *find_operations()):
        for block in document.blocks():
            if block.language == "graphql":
                budget = lowest() if is_file(block.text) else budget_for(*read_who(block.text))
                yield block.place, block.text, budget
            if block.language == "python":
                yield from ((block.place, text, lowest()) for text in find_strings(block.text))
    for folder in ("examples", "benchmarks", "tools"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not SKIPPED & set(path.parts):
                yield from ((name_of(path), text, lowest()) for text in find_strings(path.read_text()))
    examples = ROOT / "frontend/src/graphiql/examples.js"
    yield from ((name_of(examples), text, lowest()) for text in re.findall(r"(?s)`(.*?)`", examples.read_text()))
    graphiql = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    yield "GraphiQL", graphiql, lowest()


def budget_for(user: str | None, path: str) -> int:
    if user is None:
        return settings.WEBNET_BUDGET_POINTS_SIGNED_OUT
    role = user.rpartition("-")[2].upper()
    if user == "platform":
        return settings.WEBNET_BUDGET_POINTS_PLATFORM
    return getattr(settings, f"WEBNET_BUDGET_POINTS_{role}", lowest()) if path != "/graphql/" else lowest()


def lowest() -> int:
    """Of those who are signed in."""
    return settings.WEBNET_BUDGET_POINTS_VIEWER


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def find_strings(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a part of a file
        return
    yield from (
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and "{" in each.value
    )


def read_document(text: str) -> DocumentNode | None:
    """The document, if it is one of the schema of this process."""
    try:
        document = parse(text)
        return document if not validate(full_schema().schema.graphql, document) else None
    except GraphQLError:
        return None


def test_every_document_needs_at_most_a_quarter_of_its_budget():
    found: dict[str, int] = {}
    for place, text, budget in find_texts():
        document = read_document(text)
        for operation in document.definitions if document is not None else ():
            if isinstance(operation, OperationDefinitionNode):
                name = operation.name.value if operation.name is not None else None
                given = {each.variable.name.value: LARGEST_PAGE for each in operation.variable_definitions or ()}
                sizes = read_sizes(document, name, given)
                points = measure_cost(full_schema().schema.graphql, SameDocument(document), name, sizes)
                folder = place.split("/")[0]
                found[folder] = found.get(folder, 0) + 1
                assert points * SHARE <= budget, f"{place} costs {points}, of {budget}:\n{text}"
    assert {folder: found.get(folder, 0) for folder, least in LEAST_FOUND.items() if found.get(folder, 0) < least} == {}
    assert found["GraphiQL"] == 1
