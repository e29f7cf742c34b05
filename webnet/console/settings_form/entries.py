"""Writes the form of stored values: all its inputs, as a browser would send them back unchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from webnet.console.settings_form import names
from webnet.console.settings_form.shapes import FieldShape, Kind, Shapes
from webnet.console.settings_form.texts import is_same, write_compact, write_pretty
from webnet.plugins.schema.walk import MISSING, join_pointer, split_pointer

# Django reads no more than 1,000 fields of a request; the rest is for buttons and what is beside the form.
MAXIMUM_ENTRIES = 800
MAXIMUM_DEPTH = 10

# What the values of these kinds are; the others take any.
_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int, float),
    Kind.INTEGER: (int, float),
    Kind.NULL: (type(None),),
    Kind.OBJECT: (Mapping,),
    Kind.ARRAY: (list,),
    # Among plain values, there are none.
    Kind.SECRET: (),
}


def fits(kind: Kind, value: Any) -> bool:
    """Whether a field of the kind can show the value."""
    if kind in {Kind.NUMBER, Kind.INTEGER} and isinstance(value, bool):
        return False
    if kind is Kind.OBJECT and isinstance(value, Mapping) and not all(map(names.is_nameable, value)):
        return False
    return isinstance(value, _TYPES.get(kind, object))


@dataclass(kw_only=True)
class EntryWriter:
    """Writes into `entries`. `secrets` are the pointers of those that are set, since no values say so."""

    shapes: Shapes
    secrets: Collection[str] = ()
    entries: dict[str, str] = field(default_factory=dict)

    def write(
        self, shape: FieldShape, name: str, *, value: Any, inherited: Any = MISSING, path: str, is_there: bool = False
    ) -> None:
        """Write the inputs of one place: its own value, MISSING if it has none, and what it then inherits.

        `is_there`: the place exists whatever is typed, such as an item of an array, so that a text may just be empty.
        """
        is_inner = shape.kind in {Kind.OBJECT, Kind.ARRAY, Kind.CHOICE}
        is_full = len(self.entries) >= MAXIMUM_ENTRIES or (is_inner and name.count("/") >= MAXIMUM_DEPTH)
        # What is stored may be older than the schema.
        if is_full or (value is not MISSING and not fits(shape.kind, value)) or self._is_too_large(shape, value):
            self.write_json(shape, name, value)
        elif is_inner:
            self._write_inner(shape, name, value=value, inherited=inherited, path=path, is_there=is_there)
        elif shape.kind is Kind.JSON:
            self.write_json(shape, name, value)
        elif shape.kind is Kind.SECRET:
            self.entries[names.SECRET + name] = ""
        elif shape.kind is not Kind.NULL:
            self.entries[name] = write_text(shape, value)
            if shape.kind is Kind.TEXT and value == "" and not is_there:
                self.entries[names.EMPTY + name] = "on"

    def _write_inner(
        self, shape: FieldShape, name: str, *, value: Any, inherited: Any, path: str, is_there: bool
    ) -> None:
        before = len(self.entries)
        if shape.kind is Kind.OBJECT:
            self._write_object(shape, name, value, inherited, path)
        elif shape.kind is Kind.ARRAY:
            self._write_array(shape, name, value, path)
        else:
            self._write_choice(shape, name, value, inherited, path, is_there)
        if len(self.entries) > MAXIMUM_ENTRIES:
            # Too much of it was found out on the way, since parts have several inputs each.
            for entry in list(self.entries)[before:]:
                del self.entries[entry]
            self.write_json(shape, name, value)

    def write_json(self, shape: FieldShape, name: str, value: Any) -> None:
        """Write a part that is edited as JSON."""
        self.entries[shape.json_word + name] = "" if value is MISSING else write_pretty(value)

    def write_branch(
        self, shape: FieldShape, name: str, index: int, *, value: Any, inherited: Any, path: str, is_there: bool
    ) -> None:
        """Write a choice with that branch."""
        self.entries[names.CHOICE + name] = self.entries[names.SHOWN + name] = str(index)
        self.write(shape.branches[index], name, value=value, inherited=inherited, path=path, is_there=is_there)

    def _write_object(self, shape: FieldShape, name: str, value: Any, inherited: Any, path: str) -> None:
        own = value if isinstance(value, Mapping) else {}
        below = inherited if isinstance(inherited, Mapping) else {}
        secrets = [secret for secret in self.secrets if secret.startswith(f"{path}/")]
        is_empty = value is MISSING and not below and not secrets
        if name and is_empty and shape.is_recursive:
            self.entries[names.OBJECT + name] = "-"
            return
        self.entries[names.OBJECT + name] = "1" if value is not MISSING else ""
        for member in shape.members:
            inner = self.shapes.member(shape, member)
            is_optional = shape.is_whole and member not in shape.required and member not in own
            if is_optional and inner.kind is Kind.OBJECT:
                # Nothing else tells that an object without members is not to be there.
                self.entries[names.OBJECT + names.child(name, member)] = "-"
                continue
            self.write(
                inner,
                names.child(name, member),
                value=own.get(member, MISSING),
                inherited=below.get(member, MISSING),
                path=path + join_pointer([member]),
                is_there=shape.is_whole and member in shape.required,
            )
        self._write_rows(shape, name, own, below, path)

    def _write_rows(
        self, shape: FieldShape, name: str, own: Mapping[str, Any], below: Mapping[str, Any], path: str
    ) -> None:
        depth = len(split_pointer(path))
        stored = (split_pointer(secret)[depth] for secret in self.secrets if secret.startswith(f"{path}/"))
        rows = [member for member in dict.fromkeys((*own, *stored)) if member not in shape.members]
        if not rows and shape.others is None:
            return
        inner = self.shapes.other(shape)
        self.entries[names.COUNT + name] = str(len(rows))
        for index, member in enumerate(rows):
            row = names.row(name, index)
            self.entries[names.NAME + row] = member
            self.write(
                inner,
                row,
                value=own.get(member, MISSING),
                inherited=below.get(member, MISSING),
                path=path + join_pointer([member]),
                is_there=True,
            )

    def _write_array(self, shape: FieldShape, name: str, value: Any, path: str) -> None:
        self.entries[names.COUNT + name] = "" if value is MISSING else str(len(value))
        inner = self.shapes.item(shape)
        for index, item in enumerate(() if value is MISSING else value):
            self.write(inner, names.child(name, index), value=item, path=names.child(path, index), is_there=True)

    def _write_choice(
        self,
        shape: FieldShape,
        name: str,
        value: Any,
        inherited: Any,
        path: str,
        is_there: bool,  # noqa: FBT001 - as `write`
    ) -> None:
        known = merge_shown(inherited, value)
        index = find_branch(self.shapes, shape, known)
        if index is None and known is not MISSING:
            self.write_json(shape, name, value)
        elif index is None:
            self.entries[names.CHOICE + name] = self.entries[names.SHOWN + name] = ""
        else:
            self.write_branch(shape, name, index, value=value, inherited=inherited, path=path, is_there=is_there)

    def _is_too_large(self, shape: FieldShape, value: Any) -> bool:
        left = MAXIMUM_ENTRIES - len(self.entries)
        if shape.kind is Kind.OBJECT and len(shape.members) > left:
            return True
        return isinstance(value, Mapping | list) and shape.kind in {Kind.OBJECT, Kind.ARRAY} and 2 * len(value) > left


def write_text(shape: FieldShape, value: Any) -> str:
    """The text of a single value."""
    if value is MISSING:
        return ""
    return value if shape.kind is Kind.TEXT else write_compact(value)


def merge_shown(below: Any, above: Any) -> Any:
    """One layer over another, to know what is there."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return {**below, **{name: merge_shown(below.get(name, MISSING), value) for name, value in above.items()}}
    return below if above is MISSING else above


def find_branch(shapes: Shapes, choice: FieldShape, value: Any) -> int | None:
    """The branch that the value looks most like; it need not be valid, which secrets would be needed for."""
    if value is MISSING:
        return None
    scores = [_score(shapes, branch, value) for branch in choice.branches]
    best = max((score for score in scores if score is not None), default=None)
    return scores.index(best) if best is not None else None


def _score(shapes: Shapes, shape: FieldShape, value: Any) -> int | None:
    """How much the value looks like one of the shape; None if not at all."""
    if shape.kind is Kind.OPTIONS:
        return 5 if any(is_same(option.value, value) for option in shape.options) else None
    if not fits(shape.kind, value):
        return None
    if shape.kind is Kind.INTEGER:
        return 2 if isinstance(value, int) else None
    if shape.kind is Kind.JSON:
        return -100
    if shape.kind is not Kind.OBJECT:
        return 1
    score = 0
    for member in shape.fixed & value.keys():
        options = shapes.member(shape, member).options
        if not any(is_same(option.value, value[member]) for option in options):
            return None
        score += 10
    unknown = sum(member not in shape.members for member in value)
    missing = len(shape.required - value.keys())
    return score + len(value) - missing - (unknown * 3 if shape.others is None else unknown)
