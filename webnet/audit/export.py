"""Exports the audit log, row by row, so that it can be read and verified without webnet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from django.db.models import QuerySet

from webnet.audit import checkpoints
from webnet.audit.chain import BATCH_ROWS
from webnet.audit.models import AuditCheckpoint, PluginAuditLog

NDJSON_COLUMNS = ("position", "text", "hash")
ROW_START = '{"text": '
COLUMNS = tuple(field.attname for field in PluginAuditLog._meta.concrete_fields)
# Spreadsheets take a cell that starts with one of these for a formula, and run it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Advance = Callable[[], object]


def write_ndjson(rows: QuerySet[PluginAuditLog], stream: IO[str], advance: Advance = lambda: None) -> None:
    """A line for each row, and for each checkpoint at its position."""
    for line in to_ndjson(_in_order(rows.only(*NDJSON_COLUMNS))):
        stream.write(line)
        if line.startswith(ROW_START):
            advance()


def to_ndjson(rows: Iterable[PluginAuditLog]) -> Iterator[str]:
    """The lines for these rows, `{"text", "hash"}`, in their order, and for all checkpoints, `{"checkpoint", …}`."""
    signed = AuditCheckpoint.objects.iterator(chunk_size=100)
    checkpoint = next(signed, None)
    for row in rows:
        while checkpoint and checkpoint.position < row.position:
            yield checkpoints.to_line(checkpoint) + "\n"
            checkpoint = next(signed, None)
        yield to_line(text=row.text, hash_=row.hash)
    while checkpoint:
        yield checkpoints.to_line(checkpoint) + "\n"
        checkpoint = next(signed, None)


def to_line(*, text: str, hash_: str) -> str:
    """The line of a row."""
    return json.dumps({"text": text, "hash": hash_}, ensure_ascii=False) + "\n"


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
