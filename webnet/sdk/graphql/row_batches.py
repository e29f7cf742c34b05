"""Rows that were read together, so that what one of them needs is read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from webnet.api.request.reader import Reading

PEERS = "_webnet_peers"


def meet(rows: Iterable[Any], reading: Reading) -> None:
    """Take note that these rows are in an answer together."""
    together = [row for row in rows if isinstance(row, Model)]
    for row in together:
        row.__dict__[PEERS] = together
    reading.announce_customers({pk for row in together if (pk := row.__dict__.get("customer_id")) is not None})


def has_met(row: Any) -> bool:
    """Whether the row was read together with others."""
    return PEERS in row.__dict__


def peers_of(row: Any) -> list[Any]:
    """The row and those that were read together with it."""
    found: list[Any] = row.__dict__.get(PEERS) or [row]
    return found
