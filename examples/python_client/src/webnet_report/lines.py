"""Lines for people and for programs: a table, one line for each event, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from webnet_report.report import ActivityRow, PluginRow

HEADINGS = ("customer", "plugin", "effective", "settings", "health", "why")


def format_table(rows: Sequence[PluginRow]) -> Iterator[str]:
    """Columns that are as wide as they have to be; the last one has sentences, and so no width."""
    table = [HEADINGS, *map(_read_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][:-1]
    for *cells, last in table:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), last]).rstrip()


def format_activity(row: ActivityRow) -> str:
    """Who did what for whom, and how it ended."""
    outcome = f"{row.outcome.lower()} ({row.code})" if row.code else row.outcome.lower()
    parts = (row.time, row.customer or "platform", row.actor, row.action, row.plugin, outcome, row.reason)
    return _make_printable("  ".join(part for part in parts if part))


def format_json(row: PluginRow | ActivityRow) -> str:
    """One line; `type` says which of the two kinds it is."""
    return json.dumps({"type": "plugin" if isinstance(row, PluginRow) else "activity", **asdict(row)})


def _read_cells(row: PluginRow) -> tuple[str, ...]:
    health = row.health.lower() if row.health else "-"
    # The first reason is enough for people, as the others often follow from it; JSON has all.
    why = row.reasons[0] if row.reasons else row.health_message if row.health != "HEALTHY" else ""
    cells = (
        row.customer,
        row.plugin,
        "yes" if row.effective else "no",
        f"revision {row.settings_revision}",
        health,
        why,
    )
    return tuple(map(_make_printable, cells))


def _make_printable(text: str) -> str:
    """Others wrote these texts, and control characters among them could change what the terminal shows."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
