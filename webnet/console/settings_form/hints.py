"""What a schema says about a value, in words: its label, and what it has to be like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, ngettext

from webnet.console.settings_form.shapes import FieldShape, Kind, Option
from webnet.console.settings_form.texts import is_same, show, show_each


def label_of(member: str, shape: FieldShape) -> str:
    """The title of a place, or what its name says."""
    words = member.replace("_", " ").replace("-", " ").strip()
    return shape.title or (words[:1].upper() + words[1:] if words else member)


def show_value(shape: FieldShape, value: Any) -> str:
    """A value to read, by its title if the schema has one for it."""
    return next((label for option, label in list_options(shape) if is_same(option.value, value)), "") or show(value)


def list_options(shape: FieldShape) -> list[tuple[Option, str]]:
    """The values to choose from, each with its title or as it is."""
    shown = show_each([option.value for option in shape.options])
    return [(option, option.title or text) for option, text in zip(shape.options, shown, strict=True)]


def branch_label(shape: FieldShape) -> str:
    """What a branch of a choice is called."""
    types = {
        Kind.TEXT: gettext("Text"),
        Kind.NUMBER: gettext("Number"),
        Kind.INTEGER: gettext("Whole number"),
        Kind.NULL: gettext("Nothing (null)"),
        Kind.OBJECT: gettext("Several values"),
        Kind.ARRAY: gettext("List"),
        Kind.OPTIONS: gettext("One of several values"),
    }
    if not shape.title and shape.kind is Kind.OPTIONS and len(shape.options) == 1:
        return show(shape.options[0].value)
    if not shape.title and shape.options and all(isinstance(option.value, bool) for option in shape.options):
        return gettext("Yes or no")
    if not shape.title and shape.kind is Kind.OBJECT and shape.members:
        # Better than nothing to tell branches apart by.
        return ", ".join(list(shape.members)[:3])
    return shape.title or types.get(shape.kind, gettext("JSON"))


def list_hints(shape: FieldShape) -> Iterator[str]:
    """What the value has to be like, as far as the schema says so in words that people know."""
    words = shape.words
    if shape.kind in {Kind.TEXT, Kind.SECRET}:
        yield from _list_text_hints(shape)
    elif shape.kind in {Kind.NUMBER, Kind.INTEGER}:
        bounds = {
            "minimum": gettext("%s or more"),
            "maximum": gettext("%s or less"),
            "exclusiveMinimum": gettext("more than %s"),
            "exclusiveMaximum": gettext("less than %s"),
            "multipleOf": gettext("a multiple of %s"),
        }
        kind = gettext("A whole number") if shape.kind is Kind.INTEGER else gettext("A number")
        found = [text % words[word] for word, text in bounds.items() if word in words]
        yield ", ".join((kind, *found))
    elif shape.kind is Kind.ARRAY:
        if words.get("minItems"):
            yield ngettext("At least %d item", "At least %d items", words["minItems"]) % words["minItems"]
        if "maxItems" in words:
            yield ngettext("At most %d item", "At most %d items", words["maxItems"]) % words["maxItems"]
        if words.get("uniqueItems"):
            yield gettext("No item twice")


def _list_text_hints(shape: FieldShape) -> Iterator[str]:
    words = shape.words
    formats = {
        "email": gettext("An e-mail address"),
        "idn-email": gettext("An e-mail address"),
        "uri": gettext("A full address, such as https://example.com/"),
        "date": gettext("A date, such as 2030-12-31"),
        "date-time": gettext("A date and time, such as 2030-12-31T23:59:59Z"),
        "time": gettext("A time, such as 23:59:59Z"),
        "duration": gettext("A duration, such as PT15M"),
        "ipv4": gettext("An IPv4 address"),
        "ipv6": gettext("An IPv6 address"),
        "hostname": gettext("A host name"),
        "uuid": gettext("A UUID"),
        "regex": gettext("A regular expression"),
    }
    if words.get("format") in formats:
        yield formats[words["format"]]
    if words.get("minLength", 0) > 1:
        yield ngettext("At least %d character", "At least %d characters", words["minLength"]) % words["minLength"]
    if "maxLength" in words:
        yield ngettext("At most %d character", "At most %d characters", words["maxLength"]) % words["maxLength"]
    if "pattern" in words:
        yield gettext("Like the pattern %s") % words["pattern"]
