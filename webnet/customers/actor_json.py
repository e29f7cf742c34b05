"""Serialises actors as JSON, for work that is done after the request."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from webnet.customers.access import Actor
from webnet.customers.models import Role

# The arguments of an actor; its mark is left out, since it is only valid in one process.
FIELDS = tuple(field.name for field in fields(Actor) if field.init)


def write_actor(actor: Actor) -> dict[str, Any]:
    """The actor with the limits of their token."""
    written = {name: getattr(actor, name) for name in FIELDS}
    expires_at, role = actor.token_expires_at, actor.maximum_role
    written["token_expires_at"] = expires_at.isoformat() if expires_at is not None else None
    written["maximum_role"] = role.value if role is not None else None
    return written


def read_actor(stored: dict[str, Any]) -> Actor:
    """The actor. Unknown names are ignored and missing ones get defaults: another version may have written it."""
    read = {name: stored[name] for name in FIELDS if name in stored}
    if read.get("token_expires_at") is not None:
        read["token_expires_at"] = datetime.fromisoformat(read["token_expires_at"])
    if read.get("maximum_role") is not None:
        read["maximum_role"] = Role(read["maximum_role"])
    return Actor(**read)
