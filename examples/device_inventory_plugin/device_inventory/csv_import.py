"""Reads devices from CSV text: all rows, or all that is wrong with them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from device_inventory.models import Device, DeviceStatus

COLUMNS = ("name", "host", "status")
LARGEST_TEXT = 1_000_000
LARGEST_REPORT = 100


@dataclass(frozen=True, kw_only=True)
class RowError:
    """What is wrong with one row; `line` is counted from 1, the header's line, `column` is empty for the whole row."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a text holds: devices that are not stored yet, or errors, the first ones; never both."""

    devices: tuple[Device, ...] = ()
    errors: tuple[RowError, ...] = ()


def read_sheet(text: str, *, maximum_rows: int) -> Sheet:
    """The devices of a text with the header `name,host,status`, where only `name` must be there."""
    if len(text) > LARGEST_TEXT:
        return _refused(1, f"The text has more than {LARGEST_TEXT:,} characters: import it in parts.")
    # Spreadsheets begin a file with a byte order mark.
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        wrong = _find_wrong_header(header)
        return _refused(1, wrong) if wrong else _read_rows(reader, header, maximum_rows)
    except csv.Error as error:
        return _refused(reader.line_num, f"This is no CSV: {error}.")


def _find_wrong_header(header: list[str]) -> str:
    if "name" not in header:
        return "The first line must name the columns, 'name' among them."
    unknown = next((column for column in header if column not in COLUMNS), None)
    if unknown is not None:
        return f"There is no column '{unknown[:50]}': there are {', '.join(COLUMNS)}."
    return "Each column may be named once." if len(set(header)) < len(header) else ""


def _read_rows(reader: Any, header: list[str], maximum_rows: int) -> Sheet:
    devices: dict[str, Device] = {}
    errors: list[RowError] = []
    line = reader.line_num
    for count, cells in enumerate((row for row in reader if any(row)), start=1):
        if count > maximum_rows:
            return _refused(line + 1, f"There are more than {maximum_rows} rows: import them in parts.")
        line = reader.line_num
        device, wrong = _read_row(line, header, cells)
        if not wrong and device.name in devices:
            wrong = [RowError(line=line, column="name", message=f"'{device.name}' is in the file twice.")]
        if not wrong:
            devices[device.name] = device
        errors.extend(wrong[: LARGEST_REPORT - len(errors)])
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
        return device, [RowError(line=line, column=name, message=" ".join(said)) for name, said in found]
    return device, []


def _refused(line: int, message: str) -> Sheet:
    return Sheet(errors=(RowError(line=line, column="", message=message),))
