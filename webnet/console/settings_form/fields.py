"""What templates render: the fields of a form as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webnet.console.settings_form import names
from webnet.console.settings_form.hints import show_value
from webnet.console.settings_form.shapes import FieldShape, Kind
from webnet.plugins.schema.walk import MISSING

# The value of a field with an error: what was typed is no value.
BROKEN: Any = object()


@dataclass(frozen=True, kw_only=True)
class ShownOption:
    """One of a list to choose from."""

    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What is known about a secret: whether and since when it is set, and whether a new one was typed; `is_lost`: it
    was, and has to be typed again.
    """

    is_set: bool = False
    updated_at: datetime | str | None = None
    sealed: str = ""
    is_removed: bool = False
    is_lost: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """One place of the settings, with its input or the fields in it.

    `path` is its pointer in the settings; `name` is that of its input. They differ where the name of a map's row can
    be changed. `value` is this layer's own: MISSING if it has none, BROKEN if something in it can't be read.
    """

    kind: Kind
    name: str
    path: str
    label: str
    shape: FieldShape = field(repr=False)
    value: Any = MISSING
    text: str = ""
    description: str = ""
    hints: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    options: tuple[ShownOption, ...] = ()
    fields: tuple[Field, ...] = ()
    rows: tuple[Field, ...] = ()
    inherited: str = ""
    inherited_value: Any = field(default=MISSING, repr=False)
    inherited_rows: tuple[tuple[str, str], ...] = ()
    source: str = ""
    secret: Secret | None = None
    row_name: str | None = None
    has_fixed_name: bool = False
    is_required: bool = False
    is_own: bool = False
    is_locked: bool = False
    is_fixed: bool = False
    is_collapsed: bool = False
    is_removable: bool = False
    is_there: bool = False
    is_switched: bool = False
    is_set: bool = False
    shown: str = ""
    can_add: bool = False
    can_be_empty: bool = False
    is_empty_on_purpose: bool = False

    @property
    def id(self) -> str:
        """The id of its element."""
        return names.id_of(self.name)

    @property
    def template(self) -> str:
        """The template that renders it."""
        kind = "locked" if self.is_locked else self.kind.value
        return f"webnet/settings/fields/{kind}.html"

    @property
    def input_name(self) -> str:
        """The name of the input of its value."""
        words = {Kind.JSON: self.shape.json_word, Kind.CHOICE: names.CHOICE, Kind.SECRET: names.SECRET}
        return words.get(self.kind, "") + self.name

    @property
    def value_text(self) -> str:
        """This layer's own value to read, whole; empty if it has none."""
        if self.value is MISSING:
            return ""
        return self.text if self.text and self.kind in {Kind.TEXT, Kind.JSON} else show_value(self.shape, self.value)

    @property
    def described_by(self) -> str:
        """The ids of the texts about it, for `aria-describedby`."""
        parts = {
            "_errors": self.errors,
            "_description": self.description,
            "_hints": self.hints,
            "_source": self.source or self.inherited,
        }
        return " ".join(self.id + suffix for suffix, text in parts.items() if text)

    @property
    def is_long(self) -> bool:
        """Whether a text needs several lines."""
        words = self.shape.words
        return "\n" in self.text or words.get("maxLength", 0) > LONG or "contentMediaType" in words

    @property
    def input_type(self) -> str:
        """The type of a text's input. Browsers drop what is no date from an input for one, so that is a text."""
        is_date = self.shape.words.get("format") == "date" and self.kind is Kind.TEXT
        return "date" if is_date and (not self.text or _is_date(self.text)) else "text"

    @property
    def input_mode(self) -> str:
        """Which keyboard a telephone shows. Inputs for addresses and numbers would change or drop what was typed."""
        if self.kind is Kind.INTEGER:
            return "numeric" if self.shape.words.get("minimum", -1) >= 0 else "text"
        if self.kind is Kind.NUMBER:
            return "decimal" if self.shape.words.get("minimum", -1) >= 0 else "text"
        return {"email": "email", "idn-email": "email", "uri": "url"}.get(str(self.shape.words.get("format")), "text")

    def walk(self) -> Iterator[Field]:
        """The field and all in it, in their order."""
        yield self
        for inner in (*self.fields, *self.rows):
            yield from inner.walk()


# Characters that fit into one line of a form.
LONG = 200


def _is_date(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y-%m-%d").strftime("%Y-%m-%d") == text  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return False
