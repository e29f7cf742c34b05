"""Which fields of a type a document asks for, so that the columns of others are not read."""

from __future__ import annotations

import pytest
from graphql import build_schema, parse, validate

from webnet.api.engine.cost import SameDocument
from webnet.api.engine.selected_columns import find_selected_names

SCHEMA = build_schema(
    """
    interface Node { id: ID!, name: String }
    interface Titled { title: String }
    type User implements Node { id: ID!, name: String, email: String, friends: [User!] }
    type Plugin implements Node & Titled { id: ID!, name: String, title: String, version: String, author: User }
    union Either = User | Plugin
    type Query { user: User, plugins: [Plugin!], node: Node, titled: Titled, either: Either }
    type Mutation { rename(name: String): User }
    """
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{ user { name } }", {"name"}),
        ("{ user { shown: name __typename } }", {"name", "__typename"}),
        ("{ plugins { version title } }", set()),
        ("{ plugins { title author { email friends { id } } } }", {"email", "friends", "id"}),
        ("{ plugins { ... on Plugin { author { email } } ... { version author { name } } } }", {"email", "name"}),
        ("{ node { id ... on User { email } ... on Plugin { title } } }", {"id", "email"}),
        ("{ node { ...N } } fragment N on Node { name ...U } fragment U on User { email }", {"name", "email"}),
        ("{ titled { title ... on Plugin { version } } }", set()),
        ("{ either { __typename ... on User { name } ... on Plugin { id } } }", {"name"}),
        ("query A { user { name } } query B { user { email } }", {"name", "email"}),
        ('mutation { rename(name: "x") { email } }', {"email"}),
        ("{ user @include(if: false) { name @skip(if: true) } }", {"name"}),
        ("{ __schema { types { name } } }", set()),
    ],
)
def test_the_names_are_those_of_the_type_and_of_its_interfaces(text: str, names: set[str]) -> None:
    document = parse(text)
    assert validate(SCHEMA, document) == []

    assert find_selected_names(SCHEMA, SameDocument(document), "User") == names
