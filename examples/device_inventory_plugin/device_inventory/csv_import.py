"""Parses devices from CSV text: returns all rows, or all errors in them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from device_inventory.models import Device, DeviceStatus

COLUMNS = ("name", "host", "status")
MAXIMUM_CHARACTERS = 1_000_000
MAXIMUM_ERRORS = 100


@dataclass(frozen=True, kw_only=True)
class RowError:
    """An error in a row. `line` counts from 1, the header; `column` is empty if it concerns the whole row."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The content of the text: devices that are not stored yet, or the first errors; never both."""

    devices: tuple[Device, ...] = ()
    errors: tuple[RowError, ...] = ()


def read_sheet(text: str, *, maximum_rows: int) -> Sheet:
    """Parse a text with the header `name,host,status`, of which only `name` is required."""
    if len(text) > MAXIMUM_CHARACTERS:
        return _sheet_with_error(1, f"The text has more than {MAXIMUM_CHARACTERS:,} characters: import it in parts.")
    # Spreadsheet programs write a byte order mark at the start of files.
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        wrong = _find_wrong_header(header)
        return _sheet_with_error(1, wrong) if wrong else _read_rows(reader, header, maximum_rows)
    except csv.Error as error:
        return _sheet_with_error(reader.line_num, f"This is not valid CSV: {error}.")


def _find_wrong_header(header: list[str]) -> str:
    if "name" not in header:
        return "The first line must be a header with the column 'name'."
    unknown = next((column for column in header if column not in COLUMNS), None)
    if unknown is not None:
        return f"There is no column '{unknown[:50]}': use {', '.join(COLUMNS)}."
    return "The header must not repeat columns." if len(set(header)) < len(header) else ""


def _read_rows(reader: Any, header: list[str], maximum_rows: int) -> Sheet:
    devices: dict[str, Device] = {}
    errors: list[RowError] = []
    line = reader.line_num
    for count, cells in enumerate((row for row in reader if any(row)), start=1):
        if count > maximum_rows:
            return _sheet_with_error(line + 1, f"There are more than {maximum_rows} rows: import them in parts.")
        line = reader.line_num
        device, wrong = _read_row(line, header, cells)
        if not wrong and device.name in devices:
            wrong = [RowError(line=line, column="name", message=f"'{device.name}' is in the file twice.")]
        if not wrong:
            devices[device.name] = device
        errors.extend(wrong[: MAXIMUM_ERRORS - len(errors)])
    return Sheet(errors=tuple(errors)) if errors else Sheet(devices=tuple(devices.values()))


def _read_row(line: int, header: list[str], cells: list[str]) -> tuple[Device, list[RowError]]:
    if len(cells) != len(header):
        message = f"The row has {len(cells)} cells where the header has {len(header)}."
        return Device(), [RowError(line=line, column="", message=message)]
    values = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    status = values.get("status", "").lower() or DeviceStatus.ACTIVE.value
    device = Device(name=values["name"], host=values.get("host", ""), status=status)
    try:
        device.clean_fields(exclude=["customer"])
    except ValidationError as error:
        found = error.message_dict.items()
        return device, [RowError(line=line, column=name, message=" ".join(messages)) for name, messages in found]
    return device, []


def _sheet_with_error(line: int, message: str) -> Sheet:
    return Sheet(errors=(RowError(line=line, column="", message=message),))
