"""Global ids, and the interface of all types that have one (Relay, Global Object Identification)."""

from __future__ import annotations

import base64
import binascii

import strawberry


@strawberry.interface(description="An object with a global id, by which `Query.node` can fetch it again.")
class Node:
    @strawberry.field
    @staticmethod
    def id() -> strawberry.ID:
        raise NotImplementedError


def global_id(type_name: str, key: object) -> strawberry.ID:
    """The opaque id of the object of a type with this key."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("="))


def read_global_id(text: str) -> tuple[str, str] | None:
    """The type name and key in a global id; None if it is not valid."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error, ValueError):
        return None
    type_name, colon, key = decoded.partition(":")
    if not colon or "\0" in key:
        return None
    return type_name, key


def read_pk(key: str) -> int | None:
    """The primary key in a global id; None if it is not a number of at most 18 digits, which fits into 64 bits."""
    return int(key) if key.isascii() and key.isdecimal() and len(key) <= 18 else None
