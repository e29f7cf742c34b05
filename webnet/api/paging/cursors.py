"""Opaque cursors: a place in an order. They outlive the row they were made of."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from webnet.api.errors import BadCursor
from webnet.api.paging.keyset import Ordering


def write_cursor(ordering: Ordering, row: object) -> str:
    """Where the row stands in the order."""
    return write_place(ordering, ordering.place_of(row))


def write_place(ordering: Ordering, place: Sequence[Any]) -> str:
    """A cursor of a place where there need not be a row."""
    text = json.dumps([ordering.name, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(ordering: Ordering, cursor: str) -> list[Any]:
    """The values of the place; raises BadCursor for what was not made by `write_cursor` for this order."""
    place = _decode(cursor)
    if not place or place[0] != ordering.name:
        raise BadCursor
    values = ordering.read_place(place[1:])
    if values is None:
        raise BadCursor
    return values


def _decode(cursor: str) -> list[Any]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor from None
    return place if isinstance(place, list) else []
