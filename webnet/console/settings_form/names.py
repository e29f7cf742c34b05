"""The names of a form's inputs: JSON Pointers (RFC 6901), and for controls beside the value a word in front of one.

Before a row of a map has a name, its place is `~+` with a number, which no pointer has: `/hosts/~+0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from webnet.plugins.schema.walk import join_pointer, split_pointer

# What is beside a value, each as `word:pointer`.
CHOICE = "choice:"  # the branch that is wanted: its index, or nothing
SHOWN = "shown:"  # the branch whose fields are in the form
COUNT = "count:"  # the number of items or rows; nothing for a list that is not set
EMPTY = "empty:"  # a text that is empty on purpose
JSON = "json:"  # the part as JSON
# The same of a part that may have a secret in it, so that of an interrupted form it is not kept either.
SECRET_JSON = "secret-json:"  # noqa: S105 - a part of names
KEPT = "kept:"  # what was typed into a branch that is not shown now
NAME = "name:"  # the name of a map's row
OBJECT = "object:"  # "1" for an object that is set, even without members; "-" for one that is not shown
REMOVE = "remove:"  # a stored secret that is to be removed
# A secret that is typed. Of a form that was interrupted, none is kept (`frame.interrupted_forms`).
SECRET = "secret:"  # noqa: S105 - a part of names
SEALED = "sealed:"  # a secret that was typed before, sealed by the server
# In place of a sealed text, which can't be opened, or of JSON that was not kept.
LOST = "-"

_WORDS = "choice|shown|count|empty|json|kept|name|object|remove|sealed|secret|secret-json"
_ENTRY = re.compile(rf"(?:({_WORDS}):)?((?:/.*)?)", re.DOTALL)
_SAFE = re.compile(r"[^A-Za-z0-9]")
_LINE_END = re.compile("\r\n?")
# Browsers change them in names.
_UNNAMEABLE = re.compile("[\0\r\n]")


def child(name: str, member: str | int) -> str:
    """The name of an object's member or an array's item."""
    return name + join_pointer([member])


def row(name: str, index: int) -> str:
    """The name of a map's row."""
    return f"{name}/~+{index}"


def parent_of(name: str) -> str:
    """The name of what contains it; the whole contains itself."""
    return name.rpartition("/")[0]


def is_nameable(member: str) -> bool:
    """Whether a member of that name can have an input, whose name arrives as it was."""
    return not _UNNAMEABLE.search(member)


def pointer_of(entry: str) -> str:
    """The pointer of a name with or without a word in front."""
    match = _ENTRY.fullmatch(entry)
    return match[2] if match else ""


def is_within(entry: str, name: str) -> bool:
    """Whether the entry belongs to that part of the form, or to something in it."""
    pointer = pointer_of(entry)
    return pointer == name or pointer.startswith(f"{name}/")


def read_sent(sent: Mapping[str, str]) -> dict[str, str]:
    """The entries of what a browser has sent; it writes line ends in its own way."""
    return {
        unify_lines(name): unify_lines(text)
        for name, text in sent.items()
        if (match := _ENTRY.fullmatch(name)) and (match[1] or match[2])
    }


def mark_lost(left_out: Iterable[str]) -> dict[str, str]:
    """Entries that say which typed secrets were not kept, of the names that were left out of an interrupted form."""
    lost: dict[str, str] = {}
    for match in filter(None, (_ENTRY.fullmatch(unify_lines(name)) for name in left_out)):
        if f"{match[1]}:" == SECRET_JSON:
            lost[match[0]] = LOST
        elif f"{match[1]}:" == SECRET and match[2]:
            lost[SEALED + match[2]] = LOST
    return lost


def unify_lines(text: str) -> str:
    """The text with one kind of line ends."""
    return _LINE_END.sub("\n", text)


def pointers_up(name: str) -> Iterator[str]:
    """The pointer, and those of all that contain it."""
    while name:
        yield name
        name = parent_of(name)
    yield ""


def id_of(name: str) -> str:
    """The id of the element: letters, digits and underscores, so that every link and selector can have it."""
    return "setting" + _SAFE.sub(lambda match: "_" if match[0] == "/" else f"_{ord(match[0]):x}_", name)


def last_of(pointer: str) -> str:
    """The name that a pointer ends with."""
    return split_pointer(pointer)[-1]
