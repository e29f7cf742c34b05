"""The scalars of the schema: JSON and DateTime."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from webnet.api.responses import encode_json
from webnet.lazy_texts import plain


def write_instant(value: datetime) -> str:
    """Format an instant as RFC 3339 in UTC: "2026-02-03T04:05:06.789000Z"."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(value: object) -> datetime:
    """Parse an instant in RFC 3339 with an offset, and convert it to UTC; raises GraphQLError."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)  # Raises OverflowError outside of the years 1 to 9999.
    except (ValueError, OverflowError):
        pass
    raise GraphQLError("A DateTime is a string in RFC 3339 format with an offset, like '2026-02-03T04:05:06Z'.")


PLAIN = frozenset({str, int, float, bool})


def check_serializable(coerce: Callable[..., Any]) -> Callable[..., Any]:
    """Let a value that is not valid JSON fail in its field, and not when the whole response is encoded."""

    def coerce_serializable(value: Any) -> Any:
        try:
            serialized = coerce(value)
        except SystemExit as ended:  # graphql-core catches only Exception.
            raise RuntimeError("The scalar tried to exit the process.") from ended
        if type(serialized) in PLAIN:
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
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, RFC 3339.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=write_instant,
        parse_value=read_instant,
    ),
}

# The Python type of a JSON value.
Json = Any
