"""Opaque cursors: what a place in a list says is sealed for the customer's view that it was read in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from webnet.api.errors import BadCursor
from webnet.api.vocabulary import sealed_texts

PURPOSE = b"webnet: cursors of lists and streams"
# The digits of the largest number of 64 bits, with its sign: the length of a cursor must not tell how large one is.
DIGITS = 20

# A page has up to a hundred cursors, and `json.dumps` would make an encoder for each.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def seal(values: Sequence[Any], *, view: str, order: str) -> str:
    """The cursor for these values, which are JSON; `view` is the customer's slug, empty in the platform's view."""
    padding = sum(DIGITS - len(str(value)) for value in values if isinstance(value, int))
    plain = (_encode(values) + " " * padding).encode()
    return sealed_texts.seal(plain, purpose=PURPOSE, bound_to=_bound_to(view, order))


def unseal(cursor: str, *, view: str, order: str) -> list[Any]:
    """The values. Raises BadCursor unless `seal` made it for this view and order, with one of the current keys."""
    plain = sealed_texts.unseal(cursor, purpose=PURPOSE, bound_to=_bound_to(view, order))
    if plain is None:
        raise BadCursor
    values: list[Any] = json.loads(plain)
    return values


def _bound_to(view: str, order: str) -> list[bytes]:
    return [view.encode(), order.encode()]
