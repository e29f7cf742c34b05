"""Values as texts that people type, and back, without losing a digit."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_noop

from webnet.values.json_text import is_same_json, write_json
from webnet.values.storable_values import describe_text, find_unstorable, is_too_deep

# Far more digits than any double or 64-bit integer has; Python reads no integer of more than 4,300.
MAXIMUM_DIGITS = 400
MAXIMUM_SHOWN = 200
# So much of what two long texts have in common is shown before the place where they differ.
CONTEXT_SHOWN = 40
UNSTORABLE = gettext_noop("has a character that can't be stored")

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
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=read_number, object_pairs_hook=_read_pairs
        )
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise Unreadable(gettext("is not JSON: see line %(line)s, column %(column)s") % place) from None
    except RecursionError:
        raise Unreadable(gettext("is nested too deeply")) from None
    except ValueError:  # An integer of thousands of digits.
        raise Unreadable(gettext("has too many digits")) from None
    if is_too_deep(value):
        raise Unreadable(gettext("is nested too deeply"))
    # Such as "\\ud800", which no page can show.
    if not is_storable(value):
        raise Unreadable(gettext(UNSTORABLE))
    return value


def is_storable(value: Any) -> bool:
    """Whether all texts of the JSON, names as well, can be stored and shown."""
    return not any(find_unstorable(value, describe=describe_text))


def write_pretty(value: Any) -> str:
    """JSON to edit."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)


def write_compact(value: Any) -> str:
    """JSON in one line; two values have the same text only if they are the same."""
    return write_json(value)


def show(value: Any) -> str:
    """A value to read, in a line that is not too long."""
    return _cut(_show_whole(value), 0)


def show_each(values: Sequence[Any]) -> list[str]:
    """The values to read; as JSON if two of them would look alike otherwise, such as 1 and "1"."""
    return [_cut(text, 0) for text in _tell_apart(values)]


def show_apart(values: Sequence[Any]) -> list[str]:
    """The same for a few versions of one value: of long ones, the part in which they differ."""
    texts = _tell_apart(values)
    places = [max((_find_difference(text, each) for each in texts if each != text), default=0) for text in texts]
    return list(map(_cut, texts, places))


def _tell_apart(values: Sequence[Any]) -> list[str]:
    texts, exact = list(map(_show_whole, values)), list(map(write_compact, values))
    return exact if len(set(texts)) < len(set(exact)) else texts


def _show_whole(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if value is None:
        return gettext("nothing (null)")
    text = value if isinstance(value, str) else write_json(value)
    return text or gettext("an empty text")


def _find_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _cut(text: str, place: int) -> str:
    """As much of it as fits into a line, with that place in it."""
    if len(text) <= MAXIMUM_SHOWN:
        return text
    start = max(0, min(place - CONTEXT_SHOWN, len(text) - MAXIMUM_SHOWN))
    end = start + MAXIMUM_SHOWN
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


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
