"""What differs between two JSON values, place by place, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.utils.text import Truncator

# Beyond this depth a value is one piece: the API refuses what is much deeper.
DEEPEST = 32
# Under this name an audit row has the places of secrets that were changed; their values are stored nowhere in it.
SECRETS_CHANGED = "secretsChanged"

_ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place, its names joined by arrows, with the values as text: None where there was none, or is none now."""

    place: str
    before: str | None = None
    after: str | None = None
    is_secret: bool = False


@dataclass(frozen=True, kw_only=True)
class Differences:
    """The first ones, and how many more there are: `is_cut` if at least one more."""

    shown: tuple[Difference, ...]
    is_cut: bool


def compare(before: Any, after: Any, *, most: int, longest: int | None = None) -> Differences:
    """The places whose values differ, at most so many, in the order of the object before.

    Texts of more than `longest` characters are cut.
    """
    found = tuple(islice(_walk(before, after, ()), most + 1))
    shown = tuple(_cut(each, longest) if longest is not None else each for each in found[:most])
    return Differences(shown=shown, is_cut=len(found) > most)


def _cut(whole: Difference, longest: int) -> Difference:
    # Not by the filter `truncatechars`, which takes a tenth of the time of a page of the log, however short a text is.
    if all(text is None or len(text) <= longest for text in (whole.before, whole.after)):
        return whole
    before, after = (text and Truncator(text).chars(longest) for text in (whole.before, whole.after))
    return replace(whole, before=before, after=after)


def _walk(before: Any, after: Any, place: tuple[str, ...]) -> Iterator[Difference]:
    if place[-1:] == (SECRETS_CHANGED,) and isinstance(after, list):
        yield from (Difference(place=_name(each), is_secret=True) for each in after)
        return
    # An object that was not there is compared as an empty one, so that each of its values has a line.
    if _is_object(before, after) and len(place) < DEEPEST:
        first, second = _members(before), _members(after)
        for name in dict.fromkeys([*first, *second]):
            yield from _walk(first.get(name, _ABSENT), second.get(name, _ABSENT), (*place, name))
        return
    was, is_now = _text(before), _text(after)
    if was == is_now and isinstance(before, str) != isinstance(after, str):
        # Such as 1 and "1".
        was, is_now = _exact(before), _exact(after)
    if was != is_now:
        yield Difference(place=" → ".join(place), before=was, after=is_now)


def _is_object(*values: Any) -> bool:
    """Whether one is an object with members, and the other one is an object or nothing."""
    objects = [each for each in values if isinstance(each, Mapping)]
    others = [each for each in values if not isinstance(each, Mapping)]
    return any(objects) and all(each is None or each is _ABSENT for each in others)


def _members(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    """As people read it: a text as it is, everything else as JSON; None if it is absent."""
    return value if isinstance(value, str) and value else _exact(value)


def _exact(value: Any) -> str | None:
    return None if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def _name(pointer: Any) -> str:
    """A JSON Pointer (RFC 6901) in the same spelling as other places."""
    steps = str(pointer).removeprefix("/").split("/")
    return " → ".join(step.replace("~1", "/").replace("~0", "~") for step in steps)
