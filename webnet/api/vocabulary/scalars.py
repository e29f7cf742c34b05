"""The scalars of the schema, each as wide as what columns and JSON can hold, for variables and literals alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import orjson
import strawberry
from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string
from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from webnet.api.errors import CodedError
from webnet.api.responses import encode_json
from webnet.values.lazy_texts import plain
from webnet.values.storable_values import (
    LARGEST_INTEGER,
    MAXIMUM_DEPTH,
    MAXIMUM_NUMBER_LENGTH,
    SMALLEST_INTEGER,
    is_too_deep,
)

BigInt = NewType("BigInt", int)

# PostgreSQL's `numeric` can be declared with up to 1,000 digits, and Python's Decimal has no limit that would protect.
MAXIMUM_DIGITS = 1_000
# Every decimal number of so many digits survives in a double (DBL_DIG of C); of a longer one nobody knows what it was.
EXACT_DIGITS = 15
# The largest number of microseconds that a column of 64 bits holds, which is how SQLite stores a duration.
LONGEST_DURATION = timedelta(microseconds=LARGEST_INTEGER)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
# The beginning of one, and no more of it than anybody writes: Django's own expression decides on the rest.
_DURATION = re.compile(r"[+-]?P.{0,100}\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def write_instant(value: datetime) -> str:
    """Format an instant as RFC 3339 in UTC: "2026-02-03T04:05:06.789000Z"."""
    instant = value.astimezone(UTC)
    if type(instant) is datetime:  # In a third of the time that `isoformat` takes.
        return orjson.dumps(instant, option=orjson.OPT_UTC_Z)[1:-1].decode()
    return instant.isoformat().replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """Parse an instant in RFC 3339 with an offset, and convert it to UTC; raises GraphQLError."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)  # Raises OverflowError outside of the years 1 to 9999.
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is a string in RFC 3339 format with an offset, like '2026-02-03T04:05:06Z'.")


def read_date(value: object) -> date:
    """Parse a day like "2026-02-03"; raises GraphQLError."""
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("A Date is a string like '2026-02-03'.")


def read_time(value: object) -> time:
    """Parse a time of day like "04:05:06.789", without an offset, which no column holds; raises GraphQLError."""
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError("A Time is a string without an offset, like '04:05:06'.")


def read_duration(value: object) -> timedelta:
    """Parse a duration like "P1DT2H30M" (ISO 8601, without years and months); raises GraphQLError."""
    try:
        # Django's function takes other formats as well.
        found = parse_duration(value) if isinstance(value, str) and _DURATION.match(value) else None
        if found is not None and abs(found) <= LONGEST_DURATION:
            return found
    except (ValueError, OverflowError):
        pass
    raise GraphQLError(
        "A Duration is a string in ISO 8601 format with weeks, days, hours, minutes and seconds, like 'P1DT2H30M'."
    )


def read_decimal(value: object) -> Decimal:
    """Parse a finite number, from a string or a number; raises GraphQLError."""
    if isinstance(value, float) and len(Decimal(repr(value)).as_tuple().digits) > EXACT_DIGITS:
        raise GraphQLError(
            f"A Decimal of more than {EXACT_DIGITS} digits must be a string, since a number loses digits."
        )
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        if not isinstance(text, str) or len(text) > MAXIMUM_NUMBER_LENGTH:
            text = ""
        if _DECIMAL.fullmatch(text) and max(count_digits(Decimal(text))) <= MAXIMUM_DIGITS:
            return Decimal(text)
    except InvalidOperation:  # The exponent is beyond those of Python.
        pass
    raise GraphQLError(f"A Decimal is a number or a string like '19.99', of at most {MAXIMUM_DIGITS} digits.")


def count_digits(number: Decimal) -> tuple[int, int]:
    """The digits of a finite number before and after the point, when it is written without an exponent."""
    _, digits, exponent = number.as_tuple()
    places = int(exponent)  # "n" and "F" only if it is not finite
    return max(len(digits) + places, 1), max(-places, 0)


def read_big_integer(value: object) -> int:
    """Parse an integer of 64 bits, from a number or a string of digits; raises GraphQLError."""
    found = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
    if isinstance(found, int) and not isinstance(found, bool) and SMALLEST_INTEGER <= found <= LARGEST_INTEGER:
        return found
    raise GraphQLError("A BigInt is an integer that fits into 64 bits, as a number or as a string.")


def read_number_literal(read: Callable[[object], Any]) -> Callable[..., Any]:
    """Read a literal by its text: as a float it would lose digits."""

    def read_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
        if isinstance(node, IntValueNode | FloatValueNode):
            return read(node.value)
        return read(value_from_ast_untyped(node, dict(variables or {})))

    return read_literal


def read_json_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """The JSON of a literal; raises GraphQLError.

    A member whose variable was not given is left out, as in an input; an item of a list is null.
    """
    found = _read_json_node(node, variables or {})
    if is_too_deep(found):
        raise CodedError(f"JSON can't be nested deeper than {MAXIMUM_DEPTH} levels.", code="QUERY_TOO_DEEP")
    return found


def _read_json_node(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, ObjectValueNode):
        members = ((each.name.value, _read_json_node(each.value, variables)) for each in node.fields)
        return {name: value for name, value in members if value is not Undefined}
    if isinstance(node, ListValueNode):
        items = (_read_json_node(each, variables) for each in node.values)
        return [None if value is Undefined else value for value in items]
    if isinstance(node, VariableNode):
        return _require_json(variables.get(node.name.value, Undefined))
    return value_from_ast_untyped(node)


def _require_json(value: Any) -> Any:
    """The value of a variable inside of JSON; those of other scalars and of enums are no longer what was sent."""
    if isinstance(value, Mapping):
        return {name: _require_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_require_json(item) for item in value]
    if value is None or value is Undefined or type(value) in PLAIN:
        return value
    raise GraphQLError("A variable inside of JSON must have the type JSON, String, ID, Int, Float or Boolean.")


PLAIN = frozenset({str, int, float, bool})


class CheckedJson(dict[str, Any]):
    """A JSON object that the host has encoded once, when it made it, so that it needs no check when it is sent.

    Answers share it, so nobody may change it.
    """


UNCHECKED = PLAIN | {CheckedJson}


def check_serializable(coerce: Callable[..., Any]) -> Callable[..., Any]:
    """Let a value that is not valid JSON fail in its field, and not when the whole response is encoded."""

    def coerce_serializable(value: Any) -> Any:
        serialized = coerce(value)
        if type(serialized) in UNCHECKED:
            return serialized
        try:
            encode_json(serialized)
        except TypeError:  # Texts of a plugin may be lazily translated; they are read here, for this viewer.
            serialized = plain(serialized)
            encode_json(serialized)
        return serialized

    return coerce_serializable


SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=read_json_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, RFC 3339.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=write_instant,
        parse_value=read_instant,
    ),
    date: strawberry.scalar(
        name="Date", description='A day, like "2026-02-03".', serialize=date.isoformat, parse_value=read_date
    ),
    time: strawberry.scalar(
        name="Time",
        description='A time of day without an offset, like "04:05:06.789".',
        serialize=time.isoformat,
        parse_value=read_time,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description='A duration in ISO 8601 format, like "P1DT02H30M00S".',
        serialize=duration_iso_string,
        parse_value=read_duration,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='A decimal number as a string, like "19.99".',
        serialize=str,
        parse_value=read_decimal,
        parse_literal=read_number_literal(read_decimal),
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of 64 bits. A client in JavaScript has to parse it as a BigInt, or loses digits.",
        serialize=int,
        parse_value=read_big_integer,
        parse_literal=read_number_literal(read_big_integer),
    ),
}

# The Python type of a JSON value.
Json = Any
