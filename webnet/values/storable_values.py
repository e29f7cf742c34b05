"""What texts, numbers and JSON may be, wherever webnet takes some: what both databases and JSON give back as it was."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator

from webnet.errors import show
from webnet.sentences import sentence

# What a column of 64 bits holds, and what readers of JSON keep as an integer.
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**63 - 1
# Deep enough for any JSON in practice, and far from Python's recursion limit of 1,000.
MAXIMUM_DEPTH = 100
# PostgreSQL can't store U+0000, and lone surrogates can't be encoded as UTF-8.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

# The digits of a number in a document: a Decimal has up to 1,000 before and after its point, and Python reads no
# integer of more than 4,300.
MAXIMUM_NUMBER_LENGTH = 2_100

Place = tuple[str | int, ...]


def is_storable_text(text: str) -> bool:
    """Whether both databases can store the text."""
    return _UNSTORABLE.search(text) is None


def describe_text(value: object) -> str | None:
    """Why this text can't be kept as it is; None if it can, or for anything that is not text."""
    is_unstorable = isinstance(value, str) and not is_storable_text(value)
    return sentence("has a character that can't be stored") if is_unstorable else None


def describe_value(value: object) -> str | None:
    """The same for a text or a number."""
    if isinstance(value, float) and not math.isfinite(value):
        return sentence("must be a finite number")
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        return sentence("must fit into 64 bits")
    return describe_text(value)


def find_unstorable(
    value: object, place: Place = (), *, describe: Callable[[object], str | None] = describe_value
) -> Iterator[tuple[Place, str]]:
    """The place of each value within this JSON that can't be kept as it is, and why."""
    if isinstance(value, dict):
        if any(map(_UNSTORABLE.search, value)):
            yield place, sentence("has a member whose name can't be stored")
        parts: Iterable[tuple[str | int, object]] = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        parts = ()
        if (message := describe(value)) is not None:
            yield place, message
    for key, part in parts:
        # A request may have half a million values: only what has parts of its own, or is wrong, is worth a generator.
        if isinstance(part, dict | list) or describe(part) is not None:
            yield from find_unstorable(part, (*place, key), describe=describe)


def show_place(place: Place) -> str:
    """The place as a message shows it; the names in it may be the client's."""
    return show(".".join(map(str, place)))


def is_too_deep(value: object) -> bool:
    """Whether JSON is nested so deeply that code which walks through it may exhaust the stack."""
    level = [value]
    for _ in range(MAXIMUM_DEPTH):
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True
