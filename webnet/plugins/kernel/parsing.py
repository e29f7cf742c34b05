"""Reads one declaration of a plugin: a dataclass or an equal dict, with the author's mistakes told in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass
from dataclasses import fields as fields_of
from difflib import get_close_matches
from typing import Any, TypeVar

from webnet.containment import make_printable
from webnet.errors import PluginDefinitionError

Declaration = TypeVar("Declaration")

NAME = re.compile(r"[a-z][a-z0-9_]*")
MAXIMUM_NAME_LENGTH = 100
LARGEST_NUMBER = 2**31 - 1  # GraphQL's Int


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where in which plugin something is declared, so that every mistake can say so."""

    plugin: str
    place: str

    def mistake(self, words: str) -> PluginDefinitionError:
        """The error to raise; the words say what is wrong and what to write instead."""
        return PluginDefinitionError(
            f"Plugin '{self.plugin}', {self.place}: {words}{'' if words.endswith('?') else '.'}"
        )

    def inside(self, place: str) -> Source:
        """A place within this one."""
        return Source(plugin=self.plugin, place=f"{self.place}, {place}")


def read_all(source: Source, kind: type[Declaration], declared: object) -> tuple[Declaration, ...]:
    """The declared items, each a `kind` or an equal dict; None counts as none."""
    if declared is None:
        return ()
    if isinstance(declared, str | Mapping | kind) or not isinstance(declared, Iterable):
        raise source.mistake(f"must return a list of {kind.__name__}, not {type(declared).__name__}")
    return tuple(read_one(source.inside(f"item {index}"), kind, item) for index, item in enumerate(declared, start=1))


def read_one(source: Source, kind: type[Declaration], item: object) -> Declaration:
    """The item as a `kind`, its fields checked against their types."""
    if isinstance(item, Mapping):
        item = _from_dict(source, kind, item)
    if not isinstance(item, kind):
        raise source.mistake(f"must be a {kind.__name__} or a dict like one, not {type(item).__name__}")
    for field in _fields(kind):
        _check_field(source, field, getattr(item, field.name))
    return item


def check_name(source: Source, name: object) -> None:
    """Names are lower-case identifiers: they stand in addresses, in the schema and in the database."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > MAXIMUM_NAME_LENGTH:
        rule = f"at most {MAXIMUM_NAME_LENGTH} lower-case letters, digits and underscores, a letter first"
        raise source.mistake(f"{name!r} is no name: use {rule}")


def check_text(source: Source, name: str, text: str) -> None:
    """Texts are stored and sent, which a half of a character or a zero can't be."""
    if make_printable(text) != text:
        raise source.mistake(f"'{name}' has characters that are none (such as '\\ud800' or '\\0'): take them out")


def refuse_repeats(source: Source, what: str, values: Sequence[str]) -> None:
    """No two declarations may share the same name or path."""
    repeated = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if repeated is not None:
        raise source.mistake(f"the {what} '{repeated}' is there twice: change one of them")


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence, "; did you mean 'label'?", or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _from_dict(source: Source, kind: type[Declaration], item: Mapping[Any, Any]) -> Declaration:
    known = {field.name: field for field in _fields(kind)}
    for key in item:
        if key not in known:
            hint = suggest(str(key), known) or f" (it may have {', '.join(known)})"
            raise source.mistake(f"a {kind.__name__} has no '{key}'{hint}")
    for name, field in known.items():
        if name not in item and field.default is MISSING and field.default_factory is MISSING:
            raise source.mistake(f"'{name}' is missing: a {kind.__name__} must have it")
    return kind(**item)


def _check_field(source: Source, field: Field[Any], value: object) -> None:
    kind = str(field.type)
    wanted, fits = next((check for prefix, check in _CHECKS.items() if kind.startswith(prefix)), (None, None))
    if wanted is None or fits is None:
        return
    if not fits(value):
        raise source.mistake(f"'{field.name}' must be {wanted}, not {type(value).__name__}")
    if kind == "str":
        check_text(source, field.name, str(value))
    if kind == "int" and isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise source.mistake(f"'{field.name}' is {value}: it may have at most 32 bits")
    may_be_empty = field.default is not MISSING or field.metadata.get("may_be_empty", False)
    if kind == "str" and not may_be_empty and not str(value).strip():
        raise source.mistake(f"'{field.name}' is empty: give it a text")


# By how a field's annotation begins. Lazily translated texts are no str, and are taken by their look.
_CHECKS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", lambda value: isinstance(value, str) or type(value).__name__ == "__proxy__"),
    "int": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "Callable[..., Any] | None": ("a function", lambda value: value is None or callable(value)),
    "Callable[..., str] | None": ("a function", lambda value: value is None or callable(value)),
    "Callable": ("a function or view", callable),
    "type | None": ("a class", lambda value: value is None or isinstance(value, type)),
    "tuple": ("a list", lambda value: isinstance(value, Sequence) and not isinstance(value, str)),
    "Mapping": ("a dict", lambda value: isinstance(value, Mapping)),
}


def _fields(kind: type[Any]) -> tuple[Field[Any], ...]:
    return fields_of(kind)
