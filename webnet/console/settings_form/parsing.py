"""Reads what was typed into single inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from webnet.console.settings_form.fields import BROKEN
from webnet.console.settings_form.places import SettingPlace
from webnet.console.settings_form.shapes import FieldShape, Kind
from webnet.console.settings_form.texts import (
    UNSTORABLE,
    Unreadable,
    is_storable,
    read_integer,
    read_json,
    read_number,
    write_compact,
)
from webnet.plugins.schema.walk import MISSING, join_pointer


def parse(
    shape: FieldShape, place: SettingPlace, text: str, *, is_empty_on_purpose: bool, base: Any
) -> tuple[Any, tuple[str, ...]]:
    """The value of what was typed, MISSING for nothing, and what is wrong with it; `base` is the stored value."""
    kind = shape.kind
    if not is_storable(text):
        return BROKEN, (gettext(UNSTORABLE),)
    if kind is Kind.TEXT:
        return (text if text or place.is_there or is_empty_on_purpose else MISSING), ()
    if not text.strip():
        return (BROKEN, (gettext("must have a value"),)) if place.is_there else (MISSING, ())
    try:
        if kind is Kind.OPTIONS:
            return _parse_option(shape, text, base), ()
        if kind is Kind.JSON:
            return _parse_json(shape, place, text), ()
        return (read_integer(text) if kind is Kind.INTEGER else read_number(text)), ()
    except Unreadable as error:
        return BROKEN, (str(error),)


def parse_secret(shape: FieldShape, typed: str) -> Any:
    """A secret is a text wherever its schema lets it be one; raises Unreadable."""
    if not is_storable(typed):
        raise Unreadable(gettext(UNSTORABLE))
    types = [one for one in shape.words.get("type", ["string"]) if one != "null"]
    if "string" in types or not types:
        return typed
    if types == ["integer"]:
        return read_integer(typed)
    return read_number(typed) if "number" in types else read_json(typed)


def _parse_option(shape: FieldShape, text: str, base: Any) -> Any:
    for option in shape.options:
        if write_compact(option.value) == text:
            return option.value
    if base is not MISSING and write_compact(base) == text:
        return base
    raise Unreadable(gettext("must be one of the values in the list"))


def _parse_json(shape: FieldShape, place: SettingPlace, text: str) -> Any:
    value = read_json(text)
    if not shape.is_whole and (null := _find_null(value)) is not None:
        raise Unreadable(gettext("can't set %s to null: leave it out, so that it is inherited") % (null or text))
    if not place.name and not isinstance(value, Mapping):
        raise Unreadable(gettext("must be an object in JSON, such as {}"))
    return value


def read_count(text: str | None) -> int | None:
    """A number of rows; None for nothing, and for what is no such number."""
    # No form has more inputs than that, whatever was sent.
    return min(int(text), 1_000) if text and text.isascii() and text.isdecimal() and len(text) < 6 else None


def _find_null(value: Any, pointer: str = "") -> str | None:
    """The pointer of a member that is null, which a patch would remove; not within arrays, which are set whole."""
    if value is None:
        return pointer
    if isinstance(value, Mapping):
        found = (_find_null(member, pointer + join_pointer([name])) for name, member in value.items())
        return next((each for each in found if each is not None), None)
    return None
