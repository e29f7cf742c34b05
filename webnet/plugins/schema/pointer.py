"""JSON Pointers (RFC 6901), which identify places in settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MISSING: Any = object()


def join_pointer(segments: Iterable[str | int]) -> str:
    """The pointer for unescaped segments; empty for the whole document."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The unescaped segments; raises ValueError for an invalid pointer."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is not a JSON Pointer: it must be empty or start with a slash.")
    return tuple(segment.replace("~1", "/").replace("~0", "~") for segment in pointer[1:].split("/"))


def pointer_get(document: Any, pointer: str, default: Any = MISSING) -> Any:
    """The value at the pointer, through objects and arrays; the default, or MISSING, if there is none."""
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
    """Set the value at the pointer in place; whatever is not an object on the way is replaced by one."""
    *others, last = split_pointer(pointer)
    for segment in others:
        if not isinstance(document.get(segment), dict):
            document[segment] = {}
        document = document[segment]
    document[last] = value


def walk_leaves(value: Any, segments: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Every value that is not an object with members, with its path; an array is one value."""
    if not isinstance(value, Mapping) or (not value and segments):
        yield segments, value
        return
    for key, member in value.items():
        yield from walk_leaves(member, (*segments, key))
