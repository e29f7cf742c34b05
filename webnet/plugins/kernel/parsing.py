"""Validates what a plugin declares, dataclasses or equivalent dicts, and describes mistakes in one sentence each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, replace
from dataclasses import fields as fields_of
from difflib import get_close_matches
from itertools import islice
from typing import Any, TypeVar

from webnet.containment import make_printable
from webnet.errors import PluginDefinitionError, shorten
from webnet.values.lazy_texts import is_lazy

Declaration = TypeVar("Declaration")

NAME = re.compile(r"[a-z][a-z0-9_]*")
MAXIMUM_NAME_LENGTH = 100  # Of the column `PluginConfig.name`.
# Lazily translated texts of these fields are read for each viewer; those of all others once, when the plugin is loaded.
FOR_VIEWERS = frozenset({"label", "title", "description"})
LARGEST_NUMBER = 2**31 - 1  # GraphQL's Int
# Far more than anybody looks at; without a limit, one plugin's menu could be too long for all processes to start.
MAXIMUM_ENTRIES = 1_000
MAXIMUM_TEXT_LENGTH = 10_000
# For what a plugin declares: it has nothing to wait for, but may import the modules with its GraphQL types.
DECLARATION_SECONDS = 10
# Of a problem in an error message: it may show what was declared.
MAXIMUM_PROBLEM_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class DeclarationSource:
    """Where something is declared: the plugin, and the place in its code, which every error message starts with."""

    plugin: str
    place: str

    def mistake(self, problem: str) -> PluginDefinitionError:
        """The error to raise for a problem here; the text says what is wrong and what to write instead."""
        problem = shorten(problem, MAXIMUM_PROBLEM_LENGTH)
        end = "" if problem.endswith("?") else "."
        return PluginDefinitionError(f"Plugin '{self.plugin}', {self.place}: {problem}{end}")

    def inside(self, place: str) -> DeclarationSource:
        """A place within this one."""
        return DeclarationSource(plugin=self.plugin, place=f"{self.place}, {place}")


def read_all(source: DeclarationSource, kind: type[Declaration], declared: object) -> tuple[Declaration, ...]:
    """The declared items, each a `kind` or an equivalent dict; None is the same as an empty list."""
    if declared is None:
        return ()
    if isinstance(declared, str | Mapping | kind) or not isinstance(declared, Iterable):
        raise source.mistake(f"must return a list of {kind.__name__}, not {type(declared).__name__}")
    items = take_all(source, declared)
    return tuple(read_one(source.inside(f"item {index}"), kind, item) for index, item in enumerate(items, start=1))


def take_all(source: DeclarationSource, declared: Iterable[Any], *, maximum: int = MAXIMUM_ENTRIES) -> tuple[Any, ...]:
    """The items, of which there may be so many; no more are asked for."""
    items = tuple(islice(declared, maximum + 1))
    if len(items) > maximum:
        raise source.mistake(f"has more than {maximum:,} entries: declare fewer")
    return items


def read_one(source: DeclarationSource, kind: type[Declaration], item: object) -> Declaration:
    """The item as a `kind`, with its fields checked against their types."""
    if isinstance(item, Mapping):
        item = _from_dict(source, kind, item)
    if not isinstance(item, kind):
        raise source.mistake(f"must be a {kind.__name__} or an equivalent dict, not {type(item).__name__}")
    for field in _fields(kind):
        _check_field(source, field, getattr(item, field.name))
    fixed = {field.name: getattr(item, field.name) for field in _fields(kind) if field.name not in FOR_VIEWERS}
    return _replace(item, {name: str(value) for name, value in fixed.items() if is_lazy(value)})


def check_name(source: DeclarationSource, name: object) -> None:
    """Refuse a name that is not a lower-case identifier: names appear in URLs, in the schema and in the database."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > MAXIMUM_NAME_LENGTH:
        rule = f"at most {MAXIMUM_NAME_LENGTH} lower-case letters, digits and underscores, starting with a letter"
        raise source.mistake(f"{name!r} is not a valid name: use {rule}")


def check_text(source: DeclarationSource, name: str, text: str) -> None:
    """Refuse a text that is too long, or has lone surrogates or U+0000, which can't be stored or sent."""
    if len(text) > MAXIMUM_TEXT_LENGTH:
        raise source.mistake(f"'{name}' has {len(text):,} characters: use at most {MAXIMUM_TEXT_LENGTH:,}")
    if make_printable(text) != text:
        raise source.mistake(f"'{name}' has characters that can't be stored (such as '\\ud800' or '\\0'): remove them")


def refuse_duplicates(source: DeclarationSource, what: str, values: Sequence[str]) -> None:
    """Refuse two declarations with the same name or path."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise source.mistake(f"the {what} '{value}' is declared twice: rename one of them")
        seen.add(value)


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of an error message, "; did you mean 'label'?"; empty if no known name is similar."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def _from_dict(source: DeclarationSource, kind: type[Declaration], item: Mapping[Any, Any]) -> Declaration:
    known = {field.name: field for field in _fields(kind)}
    for key in item:
        if key not in known:
            hint = suggest(str(key)[:MAXIMUM_NAME_LENGTH], known) or f" (its fields are {', '.join(known)})"
            raise source.mistake(f"a {kind.__name__} has no field '{key}'{hint}")
    for name, field in known.items():
        if name not in item and field.default is MISSING and field.default_factory is MISSING:
            raise source.mistake(f"'{name}' is missing: a {kind.__name__} requires it")
    return kind(**item)


def is_text(value: object) -> bool:
    """Whether the value is a string, or a lazily translated one."""
    return isinstance(value, str) or is_lazy(value)


def _check_field(source: DeclarationSource, field: Field[Any], value: object) -> None:
    kind = str(field.type)
    wanted, fits = next((check for prefix, check in _CHECKS.items() if kind.startswith(prefix)), (None, None))
    if wanted is None or fits is None:
        return
    if not fits(value):
        raise source.mistake(f"'{field.name}' must be {wanted}, not {type(value).__name__}")
    if kind == "str":
        check_text(source, field.name, str(value))
    if kind == "int" and isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise source.mistake(f"'{field.name}' is {value}: it must fit into 32 bits")
    may_be_empty = field.default is not MISSING or field.metadata.get("may_be_empty", False)
    if kind == "str" and not may_be_empty and not str(value).strip():
        raise source.mistake(f"'{field.name}' must not be empty")


# By the beginning of a field's annotation, which is a string (`from __future__ import annotations`).
_CHECKS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", is_text),
    "int": ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "Callable[..., Any] | None": ("a function", lambda value: value is None or callable(value)),
    "Callable[..., str] | None": ("a function", lambda value: value is None or callable(value)),
    "Callable": ("a function or view", callable),
    "type | None": ("a class", lambda value: value is None or isinstance(value, type)),
    "tuple": ("a list", lambda value: isinstance(value, Sequence) and not isinstance(value, str)),
    "Mapping": ("a dict", lambda value: isinstance(value, Mapping)),
}


def _replace(item: Declaration, changes: Mapping[str, Any]) -> Declaration:
    """`dataclasses.replace`, for types that mypy does not know to be dataclasses."""
    changed: Any = replace(item, **changes) if changes else item  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


def _fields(kind: type[Any]) -> tuple[Field[Any], ...]:
    """`dataclasses.fields`, for types that mypy does not know to be dataclasses."""
    return fields_of(kind)
