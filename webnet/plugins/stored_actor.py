"""An actor as JSON, for work that is done after the request that asked for it."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from webnet.customers.access import Actor
from webnet.customers.roles import Role


def write_actor(actor: Actor) -> dict[str, Any]:
    """All of the actor, also the limits of their token."""
    expires_at = actor.token_expires_at.isoformat() if actor.token_expires_at is not None else None
    role = actor.maximum_role.value if actor.maximum_role is not None else None
    given = {each.name: getattr(actor, each.name) for each in fields(actor) if each.init}
    return {**given, "token_expires_at": expires_at, "maximum_role": role}


def read_actor(stored: dict[str, Any]) -> Actor:
    """The actor again."""
    expires_at, role = stored["token_expires_at"], stored["maximum_role"]
    read = {
        "token_expires_at": datetime.fromisoformat(expires_at) if expires_at is not None else None,
        "maximum_role": Role(role) if role is not None else None,
    }
    return Actor(**{**stored, **read})
