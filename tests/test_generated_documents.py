"""Documents that are generated are valid, and have all that documents can have."""

from __future__ import annotations

import re

import pytest
from graphql import (
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from tests.generated_documents import GeneratedDocument, documents, sample

SCHEMA = build_schema("""
scalar JSON
enum Color { RED GREEN }
input Range { from: Int, until: Int }
input BookFilter { title: [String!], color: Color, pages: Range, any: [BookFilter!], data: JSON }
interface Node { id: ID! }
interface Named { name: String! }
type Shelf implements Node & Named { id: ID!, name: String!, books(color: Color! = RED): [Book!]!, about: JSON }
type Book implements Node { id: ID!, title: String!, shelf: Shelf!, pages(in: Range): Int! }
union Found = Shelf | Book
type PageInfo { hasNextPage: Boolean! }
type BookEdge { cursor: String!, node: Book! }
type BookConnection { totalCount: Int!, edges: [BookEdge!]!, pageInfo: PageInfo! }
type Query {
  node(id: ID!): Node
  named: [Named!]!
  find(name: String!, colors: [Color!], filter: BookFilter): [Found!]!
  books(filter: BookFilter, first: Int, after: String, last: Int, before: String): BookConnection!
}
""")
# What a document can have, by a pattern of its text.
PARTS = {
    "variable": r"\(\$",
    "default": r" = ",
    "fragment": r"fragment ",
    "include": r"@include\(if: ",
    "skip": r"@skip\(if: ",
    "alias": r"alias1: ",
    "inline fragment": r"\.\.\. {",
    "fragment of a type": r"\.\.\. on Book",
    "fragment of an interface": r"\.\.\. on (Node|Named)",
    "variable in an input": r"filter: \{[^}]*\$",
    "rows": r"edges \{",
    "cursor": r"after: ",
    "name": r"query Generated",
}


@pytest.fixture(scope="module")
def generated() -> list[GeneratedDocument]:
    strategy = documents(SCHEMA, ids=["known"], texts=["oak"], cursors=["somewhere"])
    return [sample(strategy, seed=seed) for seed in range(60)]


@pytest.mark.slow
def test_each_document_is_valid_and_has_its_variables(generated: list[GeneratedDocument]) -> None:
    for document in generated:
        parsed = parse(document.text)
        operation = next(each for each in parsed.definitions if isinstance(each, OperationDefinitionNode))

        assert validate(SCHEMA, parsed) == [], document
        declared = operation.variable_definitions or ()
        assert not isinstance(get_variable_values(SCHEMA, declared, document.variables), list), document


@pytest.mark.slow
def test_documents_have_each_part_that_there_is(generated: list[GeneratedDocument]) -> None:
    texts = [document.text for document in generated]

    assert [part for part, pattern in PARTS.items() if not any(re.search(pattern, text) for text in texts)] == []


@pytest.mark.slow
def test_known_ids_texts_and_cursors_are_used(generated: list[GeneratedDocument]) -> None:
    said = " ".join(f"{document.text} {document.variables}" for document in generated)

    assert [each for each in ("known", "oak", "somewhere") if each not in said] == []
