"""An actor as JSON, for work that is done after the request that asked for it."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from webnet.customers.access import Actor
from webnet.customers.roles import Role

# What an actor is made of; the rest is its own affair, and holds in one process only.
FIELDS = tuple(field.name for field in fields(Actor) if field.init)


def write_actor(actor: Actor) -> dict[str, Any]:
    """All of the actor, also the limits of their token."""
    written = {name: getattr(actor, name) for name in FIELDS}
    expires_at, role = actor.token_expires_at, actor.maximum_role
    written["token_expires_at"] = expires_at.isoformat() if expires_at is not None else None
    written["maximum_role"] = role.value if role is not None else None
    return written


def read_actor(stored: dict[str, Any]) -> Actor:
    """The actor again; another version of webnet may have written it."""
    read = {name: stored[name] for name in FIELDS if name in stored}
    if read.get("token_expires_at") is not None:
        read["token_expires_at"] = datetime.fromisoformat(read["token_expires_at"])
    if read.get("maximum_role") is not None:
        read["maximum_role"] = Role(read["maximum_role"])
    return Actor(**read)
