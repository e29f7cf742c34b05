"""Descriptions of the schema's elements, from docstrings, models and the types of inputs."""

from __future__ import annotations

from enum import Enum

import strawberry

from webnet.api.declarations.docstrings import docstring_of, parts_of
from webnet.api.declarations.fields import row_type
from webnet.api.engine.descriptions import complete_descriptions, list_elements
from webnet.api.strawberry_internals import graphql_schema_of
from webnet.customers.models import Customer
from webnet.sdk import graphql


class Shelf:
    """A shelf, which
    holds boxes.

    Attributes:
        height: In metres: from the floor
            to the board.
        boxes:
            How many there are.

    It is made of wood.
    """


def test_the_parts_of_a_docstring_are_not_in_the_description_of_the_whole():
    assert docstring_of(Shelf) == "A shelf, which holds boxes. It is made of wood."


def test_parts_go_on_in_lines_that_are_indented_further():
    assert parts_of(Shelf) == {"height": "In metres: from the floor to the board.", "boxes": "How many there are."}


def test_a_class_without_a_docstring_has_no_parts_and_neither_those_of_another_class():
    class Plain(Shelf):
        pass

    assert (docstring_of(Plain), parts_of(Plain)) == (None, {})


@graphql.enum
class Wood(Enum):
    """What a board is made of.

    Attributes:
        OAK: The wood of an oak.
    """

    OAK = "oak"
    PINE = "pine"


@graphql.input
class BoardInput:
    """Which board."""

    wood: Wood


@graphql.type
class Base:
    """What has a name.

    Attributes:
        long_name: The name.
    """

    long_name: str


@graphql.type
class Board(Base):
    """A board.

    Attributes:
        wood: What it is made of.
    """

    wood: Wood
    age: int


@strawberry.type
class Query:
    @graphql.field
    @staticmethod
    def board(board_input: BoardInput, nth_one: int) -> Board | None:
        """The board.

        Args:
            nth_one: Which of several, from 1.
        """


def test_fields_arguments_and_values_are_described_by_the_docstrings_they_are_in():
    schema = graphql_schema_of(strawberry.Schema(query=Query))

    complete_descriptions(schema)

    texts = {element.place: element.part.description for element in list_elements(schema)}
    assert texts["Query.board"] == "The board."
    assert texts["Query.board(nthOne:)"] == "Which of several, from 1."
    assert texts["Query.board(boardInput:)"] == "Which board."
    assert (texts["Board.longName"], texts["Board.wood"]) == ("The name.", "What it is made of.")
    assert (texts["Wood"], texts["Wood.OAK"]) == ("What a board is made of.", "The wood of an oak.")
    assert texts["Board.age"] is texts["Wood.PINE"] is None


def test_a_field_of_a_model_is_described_by_the_help_text_of_its_column(monkeypatch):
    monkeypatch.setattr(Customer._meta.get_field("name"), "help_text", "What people call it.")

    @row_type(Customer, name="Firm")
    class Firm:
        """A firm.

        Attributes:
            is_active: Whether it is open.
        """

        name: str
        slug: str
        is_active: bool

    schema = graphql_schema_of(strawberry.Schema(query=Query, types=[Firm]))
    complete_descriptions(schema)

    texts = {element.place: element.part.description for element in list_elements(schema)}
    assert texts["Firm.name"] == "What people call it."
    assert (texts["Firm.slug"], texts["Firm.isActive"]) == (None, "Whether it is open.")
