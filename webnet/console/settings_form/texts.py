"""Values as texts that people type, and back, without losing a digit."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from webnet.values.json_text import is_same_json, write_json

# Far more digits than any double or 64-bit integer has; Python reads no integer of more than 4,300.
MAXIMUM_DIGITS = 400
MAXIMUM_SHOWN = 200

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class Unreadable(Exception):
    """What was typed is not such a value; the text is the end of a sentence that begins with the field's label."""


def read_integer(text: str) -> int:
    """An integer of any size; raises Unreadable."""
    stripped = text.strip()
    if not _INTEGER.fullmatch(stripped):
        raise Unreadable(gettext("must be a whole number, such as 42"))
    if len(stripped) > MAXIMUM_DIGITS:
        raise Unreadable(gettext("has too many digits"))
    return int(stripped)


def read_number(text: str) -> int | float:
    """A number that is exactly what was typed; raises Unreadable, also where a double would round it."""
    stripped = text.strip()
    if _INTEGER.fullmatch(stripped):
        return read_integer(stripped)
    if not _NUMBER.fullmatch(stripped):
        raise Unreadable(gettext("must be a number, such as 1.5"))
    if len(stripped) > MAXIMUM_DIGITS:
        raise Unreadable(gettext("has too many digits"))
    found = float(stripped)
    if found in (float("inf"), float("-inf")):
        raise Unreadable(gettext("is too large"))
    if Decimal(stripped) != Decimal(repr(found)):
        raise Unreadable(gettext("has more digits than can be kept; %(nearest)s can be") % {"nearest": repr(found)})
    return found


def read_json(text: str) -> Any:
    """Any JSON; raises Unreadable with the place of the mistake, and for what JSON does not have, such as NaN."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=read_number, object_pairs_hook=_read_pairs)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise Unreadable(gettext("is not JSON: see line %(line)s, column %(column)s") % place) from None
    except RecursionError:
        raise Unreadable(gettext("is nested too deeply")) from None
    except ValueError:  # An integer of thousands of digits.
        raise Unreadable(gettext("has too many digits")) from None


def write_pretty(value: Any) -> str:
    """JSON to edit."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)


def write_compact(value: Any) -> str:
    """JSON in one line; two values have the same text only if they are the same."""
    return write_json(value)


def show(value: Any) -> str:
    """A value to read, in a line that is not too long."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if value is None:
        return gettext("nothing (null)")
    text = value if isinstance(value, str) else write_json(value)
    if text == "":
        return gettext("an empty text")
    return text if len(text) <= MAXIMUM_SHOWN else f"{text[:MAXIMUM_SHOWN]}…"


def is_same(one: Any, other: Any) -> bool:
    """Whether they are the same JSON; 1 and 1.0 are not."""
    return is_same_json(one, other)


def _refuse_constant(name: str) -> Any:
    raise Unreadable(gettext("has %(name)s, which is not JSON") % {"name": name})


def _read_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable(gettext("has a member twice"))
    return found
