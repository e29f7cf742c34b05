"""JSON Pointers (RFC 6901): how a place in some settings is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MISSING: Any = object()


def join_pointer(segments: Iterable[str | int]) -> str:
    """The pointer made of unescaped segments; empty for the whole document."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The unescaped segments; raises ValueError when it is no pointer."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON Pointer: it must be empty or start with a slash.")
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in pointer[1:].split("/"))


def pointer_get(document: Any, pointer: str, default: Any = MISSING) -> Any:
    """The value at the pointer, through objects and arrays; the default, or MISSING, where there is none."""
    value = document
    for segment in split_pointer(pointer):
        if isinstance(value, Mapping) and segment in value:
            value = value[segment]
        elif isinstance(value, list) and segment.isdecimal() and int(segment) < len(value):
            value = value[int(segment)]
        else:
            return default
    return value


def pointer_set(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Puts the value at the pointer, in place; objects on the way are made, and replace what is none."""
    *others, last = split_pointer(pointer)
    for segment in others:
        if not isinstance(document.get(segment), dict):
            document[segment] = {}
        document = document[segment]
    document[last] = value


def walk_leaves(value: Any, segments: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Every value that is no object with members, with its place; arrays count as one value."""
    if not isinstance(value, Mapping) or (not value and segments):
        yield segments, value
        return
    for key, member in value.items():
        yield from walk_leaves(member, (*segments, key))
