"""Global ids: what they are made of, and the interface of all that has one (Relay Object Identification)."""

from __future__ import annotations

import base64
import binascii

import strawberry


@strawberry.interface(description="Everything with a global id that `Query.node` can fetch again.")
class Node:
    @strawberry.field
    @staticmethod
    def id() -> strawberry.ID:
        raise NotImplementedError


def global_id(type_name: str, key: object) -> strawberry.ID:
    """The opaque id of what is called `key` among the type's."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("="))


def read_global_id(text: str) -> tuple[str, str] | None:
    """(type name, key) of a global id; None for what is none."""
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
    """The primary key that a global id holds; None for what can't be one."""
    return int(key) if key.isascii() and key.isdecimal() and len(key) <= 18 else None
