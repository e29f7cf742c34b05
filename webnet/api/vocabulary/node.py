"""Global ids, and the interface of all types that have one (Relay, Global Object Identification)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import strawberry
from django.core.exceptions import ValidationError
from django.core.signals import setting_changed
from django.dispatch import receiver

from webnet.api.vocabulary.sealed_texts import seal, unseal

PURPOSE = b"webnet: global ids"
# The digits of the largest number of 64 bits: the length of an id must not tell how many rows there are. No key ends
# with U+0000, which databases do not store.
KEY_LENGTH, PADDING = 20, "\0"
# Of ids that were sealed, since most are asked for again and again: about 2 MiB.
MOST_KEPT = 8_192


@strawberry.interface(description="An object with a global id, by which `Query.node` can fetch it again.")
class Node:
    """What has a global id.

    Attributes:
        id: The global id; it is the same for all who see the object.
    """

    @strawberry.field
    @staticmethod
    def id() -> strawberry.ID:
        raise NotImplementedError


def global_id(type_name: str, key: object) -> strawberry.ID:
    """The id of the object of a type with this key: the same for all who see it, and telling nothing of the key."""
    # By its text, since keys that are equal to Python, such as 1 and 1.0, have different ones. A class of text may say
    # for itself what is equal.
    text = str(key)
    return strawberry.ID(_seal_id(type_name, text if type(text) is str else str.__str__(text)))


@lru_cache(maxsize=MOST_KEPT)
def _seal_id(type_name: str, key: str) -> str:
    plain = f"{type_name}:{key.ljust(KEY_LENGTH, PADDING)}"
    return seal(plain.encode(), purpose=PURPOSE, bound_to=[])


@receiver(setting_changed)
def _forget_ids(*, setting: str, **_: object) -> None:
    # Only tests change settings. To ask for the key with each id would take longer than all else.
    if setting == "SECRET_KEY":
        _seal_id.cache_clear()


def read_global_id(text: str) -> tuple[str, str] | None:
    """The type name and key in a global id; None if it is not exactly one that was made here."""
    plain = unseal(text, purpose=PURPOSE, bound_to=[])
    if plain is None:
        return None
    type_name, _, key = plain.decode().partition(":")
    return type_name, key.rstrip(PADDING)


def read_pk(key: str) -> int | None:
    """The primary key in a global id; None if it is not a number of at most 18 digits, which fits into 64 bits."""
    number = int(key) if key.isascii() and key.isdecimal() and len(key) <= 18 else None
    return number if str(number) == key else None


def read_sequences(keys: Iterable[str]) -> dict[str, list[int]]:
    """The sequences of audit rows by their chain, from keys such as `acme/7`."""
    found: dict[str, list[int]] = {}
    for chain, _, sequence in (key.partition("/") for key in keys):
        if (number := read_pk(sequence)) is not None:
            found.setdefault(chain, []).append(number)
    return found


def read_key(column: Any, key: str) -> Any:
    """The value of any kind of primary key in a global id; None for a text that is not how `global_id` writes one."""
    try:
        value = column.to_python(key)
    except (ValidationError, ValueError, OverflowError):
        return None
    # Python reads "1" from " 1", "+1", "01", "1_0" and other scripts' digits as well.
    return value if f"{value}" == key else None
