"""What values of a client may be in documents and arguments, and which error of a database is about one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from traceback import walk_tb
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, OperationalError
from graphql import (
    BREAK,
    ArgumentNode,
    DocumentNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    NameNode,
    Node,
    StringValueNode,
    Visitor,
    parse,
    visit,
)

from webnet.api.errors import BadValue, CodedError
from webnet.errors import MAXIMUM_SHOWN
from webnet.plugins.registry import registry
from webnet.sentences import sentence
from webnet.values.storable_values import MAXIMUM_NUMBER_LENGTH, find_unstorable, is_storable_text, show_place

# What the parts of Django and of the drivers that take values raise for one: OverflowError and DecimalException, which
# are ArithmeticErrors, for a number that is too large, and ValueError for a text that is not a number.
_FOR_A_VALUE = (ArithmeticError, ValueError)
_TAKES_VALUES = (
    "django.db.models.fields",
    "django.db.models.lookups",
    "django.db.backends",
    "django.contrib.postgres",
    "psycopg",
    "webnet.database.deadlines",
    "webnet.database.postgresql",
    "webnet.database.sqlite",
)
# This part of `django.db.models.fields` takes rows, which only code can confuse.
_TAKES_ROWS = "django.db.models.fields.related_descriptors"
# What SQLite says of a value that is longer than its limits (https://www.sqlite.org/limits.html).
_TOO_LONG = ("LIKE or GLOB pattern too complex", "too many SQL variables", "string or blob too big")
# SQLSTATE 23505 and 23514, and SQLite's names for them. A missing value or row is for the code to find.
_UNIQUE = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_CHECK = frozenset({"23514", "SQLITE_CONSTRAINT_CHECK"})


def refuse_unstorable(arguments: Mapping[str, Any]) -> None:
    """Raise BadValue for a number or text in the arguments of a field that JSON or a database would alter."""
    for place, message in find_unstorable(arguments):
        raise BadValue(sentence("'{place}' {message}.", place=show_place(place), message=message))


def find_unusable(document: DocumentNode) -> list[GraphQLError]:
    """The first literal or name in the document that can't be used; graphql-core's own rules would fail at some."""
    finder = _UnusableFinder()
    visit(document, finder)
    return [] if finder.problem is None else [CodedError(finder.problem, code="BAD_REQUEST")]


def find_refusal(error: GraphQLError, raised: BaseException) -> BadValue | None:
    """The refusal for a field that `raised` an error about a value; None for any other error.

    Which value it was nobody knows any more, so the client has to have given at least one.
    """
    reason = find_reason(raised)
    if reason is None or not _has_arguments(error):
        return None
    return BadValue(f"A value of this operation can't be used here: {reason}.")


def _has_arguments(error: GraphQLError) -> bool:
    finder = _ArgumentFinder()
    if error.source is not None:
        visit(parse(error.source), finder)
    return finder.has_found


def find_reason(error: BaseException) -> str | None:
    """Why a value that the client gave can't be used, if the error is about a value; None for any other error."""
    if isinstance(error, DataError):
        return "it is too long or too large for its column"
    if isinstance(error, OperationalError) and str(error) in _TOO_LONG:
        return "it is too long for the database"
    if isinstance(error, IntegrityError):
        return _find_constraint(error)
    if isinstance(error, ObjectDoesNotExist):
        return "there is no such row"
    if isinstance(error, ValidationError) or (isinstance(error, _FOR_A_VALUE) and _is_raised_for_a_value(error)):
        return "it does not fit the column that it is compared with or stored in"
    return None


def _find_constraint(error: IntegrityError) -> str | None:
    cause = error.__cause__
    name = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    if name in _UNIQUE:
        return "a row with it exists already"
    return "its column does not allow it" if name in _CHECK else None


def _is_raised_for_a_value(error: BaseException) -> bool:
    """Whether a part that takes values raised it, below the last call of webnet's or a plugin's code."""
    own = ("webnet", *(entry.module for entry in registry.loaded() if entry.module))
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    inside = takewhile(lambda name: _is_within(name, _TAKES_VALUES) or not _is_within(name, own), reversed(modules))
    return any(_is_within(module, _TAKES_VALUES) and module != _TAKES_ROWS for module in inside)


def _is_within(module: str, packages: Iterable[str]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


class _UnusableFinder(Visitor):
    problem: str | None = None

    def enter(self, node: Node, *_: Any) -> Any:
        if isinstance(node, StringValueNode) and not is_storable_text(node.value):
            # An escape in the document can stand for one.
            self.problem = "A text in the document has a character that can't be stored, such as U+0000."
        elif isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAXIMUM_NUMBER_LENGTH:
            self.problem = f"A number in the document has more than {MAXIMUM_NUMBER_LENGTH:,} characters."
        elif isinstance(node, NameNode) and len(node.value) > MAXIMUM_SHOWN:
            # Names are keys of the answer, and are shown in errors.
            self.problem = f"A name in the document has more than {MAXIMUM_SHOWN} characters."
        return None if self.problem is None else BREAK


class _ArgumentFinder(Visitor):
    has_found = False

    def enter_argument(self, _node: ArgumentNode, *_: Any) -> Any:
        self.has_found = True
        return BREAK
