"""Batches of rows that were read together, so that related rows are read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from webnet.api.request.reader import Reading

# The attribute of a row with all rows of its batch.
PEERS = "_webnet_peers"


def mark_batch(rows: Iterable[Any], reading: Reading) -> None:
    """Remember that these rows were read together for a response."""
    together = [row for row in rows if isinstance(row, Model)]
    for row in together:
        row.__dict__[PEERS] = together
    reading.announce_customers({pk for row in together if (pk := row.__dict__.get("customer_id")) is not None})


def is_in_batch(row: Any) -> bool:
    """Whether the row belongs to a batch."""
    return PEERS in row.__dict__


def peers_of(row: Any) -> list[Any]:
    """The rows of the row's batch, with itself."""
    found: list[Any] = row.__dict__.get(PEERS) or [row]
    return found
