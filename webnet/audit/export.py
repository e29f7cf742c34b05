"""Exports the audit log, row by row, so that it can be read and verified without webnet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.db.models import QuerySet

from webnet.audit import checkpoints
from webnet.audit.chain import BATCH_ROWS
from webnet.audit.models import AuditCheckpoint, PluginAuditLog

COLUMNS = tuple(field.attname for field in PluginAuditLog._meta.concrete_fields)
# Spreadsheets take a cell that starts with one of these for a formula, and run it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Advance = Callable[[], object]


def write_ndjson(rows: QuerySet[PluginAuditLog], stream: IO[str], advance: Advance = lambda: None) -> None:
    """A line for each row, `{"text", "hash"}`, and for each checkpoint, at its position, `{"checkpoint", …}`."""
    signed = AuditCheckpoint.objects.iterator(chunk_size=100)
    checkpoint = next(signed, None)
    for row in _in_order(rows.only("position", "text", "hash")):
        while checkpoint and checkpoint.position < row.position:
            stream.write(checkpoints.to_line(checkpoint) + "\n")
            checkpoint = next(signed, None)
        stream.write(json.dumps({"text": row.text, "hash": row.hash}, ensure_ascii=False) + "\n")
        advance()
    while checkpoint:
        stream.write(checkpoints.to_line(checkpoint) + "\n")
        checkpoint = next(signed, None)


def write_csv(rows: QuerySet[PluginAuditLog], stream: IO[str], advance: Advance = lambda: None) -> None:
    """A header and a line for each row, with every column; for spreadsheets (RFC 4180)."""
    lines = csv.writer(stream)
    lines.writerow(COLUMNS)
    for row in _in_order(rows):
        lines.writerow([_cell(getattr(row, column)) for column in COLUMNS])
        advance()


def _in_order(rows: QuerySet[PluginAuditLog]) -> Iterator[PluginAuditLog]:
    return rows.order_by("position").iterator(chunk_size=BATCH_ROWS)


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
