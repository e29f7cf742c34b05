"""Reads points in time from the command line."""

from __future__ import annotations

from datetime import UTC, datetime


def read_instant(text: str) -> datetime:
    """A date or time in ISO 8601, UTC unless it has an offset: '2026-01-31', '2026-01-31T12:00+01:00'."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
