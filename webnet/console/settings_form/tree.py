"""Reads a form: what was typed becomes fields for templates, the layer's values, and errors at the fields.

A part whose inputs are as they were written keeps its stored value exactly, whatever a browser can't say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext

from webnet.console.settings_form import names
from webnet.console.settings_form.entries import MAXIMUM_ENTRIES, find_branch
from webnet.console.settings_form.fields import BROKEN, Field, Secret, ShownOption
from webnet.console.settings_form.hints import branch_label, label_of, list_hints, list_options, show_value
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.parsing import parse, parse_secret, read_count
from webnet.console.settings_form.places import SettingPlace
from webnet.console.settings_form.shapes import FieldShape, Kind, Shapes
from webnet.console.settings_form.texts import UNSTORABLE, Unreadable, is_storable, show, write_compact, write_pretty
from webnet.plugins.schema.merge_patch import MAXIMUM_NAME
from webnet.plugins.schema.walk import MISSING

# Fields that need no input of their own are beside those that do.
MAXIMUM_FIELDS = 3 * MAXIMUM_ENTRIES


@dataclass(kw_only=True)
class TreeReader:
    """Reads entries into fields. `secrets` are the changes that were typed, by pointer; None removes one.

    With `is_checked` off, errors are not shown yet: a row that was just added can't be filled in already.

    `unseal` gives the text of a secret that was typed before; None if it is too old, or somebody else's.
    """

    layer: Layer
    shapes: Shapes
    entries: Mapping[str, str]
    base_entries: Mapping[str, str]
    issues: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unseal: Callable[[str, str], str | None] = lambda _, __: None
    is_checked: bool = True
    secrets: dict[str, Any] = field(default_factory=dict)
    shown_issues: set[str] = field(default_factory=set)
    _touched: frozenset[str] = frozenset()
    _left: int = MAXIMUM_FIELDS

    def read(self) -> Field:
        """The whole form."""
        self._touched = frozenset(self._find_touched())
        place = SettingPlace(name="", path="", member="", inherited=self.layer.inherited)
        return self._read(self.shapes.top(), place, self.layer.settings)

    @property
    def _readers(self) -> dict[Kind, Callable[[FieldShape, SettingPlace, Any], Field]]:
        return {
            Kind.OBJECT: self._read_object,
            Kind.ARRAY: self._read_array,
            Kind.CHOICE: self._read_choice,
            Kind.SECRET: self._read_secret,
            Kind.NULL: lambda shape, place, _: self._make(shape, place, value=None),
        }

    def _find_touched(self) -> Iterator[str]:
        """The pointers of all inputs that are not as they were written, and of what contains them."""
        for entry in self.entries.keys() | self.base_entries.keys():
            if entry.startswith((names.KEPT, names.SHOWN)):
                continue
            before, after = self.base_entries.get(entry), self.entries.get(entry)
            if before is None or after is None or names.unify_lines(before) != names.unify_lines(after):
                yield from names.pointers_up(names.pointer_of(entry))

    def _read(self, declared: FieldShape, place: SettingPlace, base: Any) -> Field:
        shape = declared
        self._left -= 1
        if self._left < 0:
            # No form that was written is as large; counts that are sent may be.
            return self._make(replace(declared, kind=Kind.JSON), place, value=base)
        # A branch of a choice may be JSON, too: then there is a choice beside it.
        is_choice = shape.kind is Kind.CHOICE and names.SHOWN + place.name in self.entries
        json_text = self.entries.get(shape.json_word + place.name)
        if json_text is not None and not is_choice:
            shape = replace(declared, kind=Kind.JSON)
        if self.layer.is_locked(place.path):
            return self._lock(shape, place, base)
        found = self._readers.get(shape.kind, self._read_single)(shape, place, base)
        found = replace(found, shape=declared)
        if place.name not in self._touched and found.kind is not Kind.SECRET:
            return replace(found, value=base, errors=tuple(self._find_issues(found.kind, place)))
        # A secret that was lost is said at once: with the next button, nothing tells of it any more.
        is_lost = found.secret.is_lost if found.secret is not None else _is_lost(shape, json_text)
        return found if self.is_checked or is_lost else replace(found, errors=())

    def _make(self, shape: FieldShape, place: SettingPlace, **more: Any) -> Field:
        """The field of a place, with what all kinds have."""
        errors = [*more.pop("errors", ()), *self._find_issues(shape.kind, place)]
        is_own = more.get("value", MISSING) is not MISSING
        inherited = place.inherited
        # An object is not inherited as a whole: its members say for themselves where they come from.
        is_shown = inherited is not MISSING and shape.kind is not Kind.OBJECT
        return Field(
            kind=shape.kind,
            name=place.name,
            path=place.path,
            label=place.label or label_of(place.member, shape),
            shape=shape,
            description=shape.description,
            hints=tuple(list_hints(shape)),
            errors=tuple(dict.fromkeys(errors)),
            inherited=show_value(shape, inherited) if is_shown else "",
            inherited_value=inherited,
            source=self.layer.sources.get(place.path, "") if is_shown and not is_own else "",
            row_name=place.row_name,
            has_fixed_name=place.has_fixed_name,
            is_required=place.is_required,
            is_own=is_own and not shape.is_whole,
            is_removable=place.is_removable,
            is_there=place.is_there,
            **more,
        )

    def _find_issues(self, kind: Kind, place: SettingPlace) -> Iterator[str]:
        """What the server says of the place; in JSON also of what is below it, which has no fields of its own."""
        inside = f"{place.path}/"
        for path, messages in self.issues.items():
            if path == place.path:
                yield from messages
            elif kind is Kind.JSON and path.startswith(inside):
                yield from (f"{path.removeprefix(place.path)} {message}" for message in messages)
            else:
                continue
            self.shown_issues.add(path)

    def _read_single(self, shape: FieldShape, place: SettingPlace, base: Any) -> Field:
        name = (shape.json_word if shape.kind is Kind.JSON else "") + place.name
        text = self.entries.get(name)
        if _is_lost(shape, text):
            stored = "" if base is MISSING else write_pretty(base)
            error = gettext("was not kept, since it may have a secret: type it again")
            return self._make(shape, place, value=BROKEN, text=stored, errors=(error,))
        if text is None:
            # Not in the form that was sent, such as after an upgrade of the plugin.
            return self._make(shape, place, value=base)
        is_on_purpose = names.EMPTY + place.name in self.entries
        value, errors = parse(shape, place, text, is_empty_on_purpose=is_on_purpose, base=base)
        return self._make(
            shape,
            place,
            value=value,
            text=text,
            errors=errors,
            options=tuple(self._list_options(shape, place, text)) if shape.kind is Kind.OPTIONS else (),
            is_fixed=place.is_fixed,
            can_be_empty=is_on_purpose or (shape.kind is Kind.TEXT and not place.is_there and _takes_empty_text(shape)),
            is_empty_on_purpose=is_on_purpose and not text,
        )

    def _list_options(self, shape: FieldShape, place: SettingPlace, text: str) -> Iterator[ShownOption]:
        known = {write_compact(option.value): label for option, label in list_options(shape)}
        if not (place.is_there and text in known):
            label = gettext("Not set")
            if place.inherited is not MISSING:
                label = gettext("Inherited: %s") % show_value(shape, place.inherited)
            yield ShownOption(value="", label=label, is_selected=not text)
        for value, label in known.items():
            yield ShownOption(value=value, label=label, is_selected=value == text)
        if text and text not in known:
            yield ShownOption(value=text, label=gettext("%s (not allowed)") % text, is_selected=True)

    def _read_object(self, shape: FieldShape, place: SettingPlace, base: Any) -> Field:
        own = base if isinstance(base, Mapping) else {}
        below = place.inherited if isinstance(place.inherited, Mapping) else {}
        mark = self.entries.get(names.OBJECT + place.name)
        if mark is None:
            # Not in the form that was sent.
            return self._make(shape, place, value=base)
        if mark == "-":
            return self._make(shape, place, is_collapsed=True)
        fields = tuple(
            self._read(self.shapes.member(shape, member), inner, own.get(member, MISSING))
            for member in shape.members
            for inner in [place.member_of(shape, member, below)]
        )
        rows = self._read_rows(shape, place, own, below)
        known = {inner.row_name for inner in rows} | set(shape.members)
        values = {
            **{member: inner.value for member, inner in zip(shape.members, fields, strict=True)},
            **{str(inner.row_name): inner.value for inner in rows},
        }
        is_broken = any(inner.value is BROKEN for inner in (*fields, *rows))
        kept = {member: values[member] for member in dict.fromkeys((*own, *values)) if member in values}
        value: Any = {member: each for member, each in kept.items() if each is not MISSING}
        if not value and mark != "1" and not (place.is_there and shape.is_whole):
            value = MISSING
        return self._make(
            shape,
            place,
            value=BROKEN if is_broken else value,
            fields=fields,
            rows=rows,
            is_set=mark == "1",
            can_add=names.COUNT + place.name in self.entries,
            inherited_rows=tuple((member, show(each)) for member, each in below.items() if member not in known),
        )

    def _read_rows(
        self, shape: FieldShape, place: SettingPlace, own: Mapping[str, Any], below: Mapping[str, Any]
    ) -> tuple[Field, ...]:
        count = read_count(self.entries.get(names.COUNT + place.name))
        if count is None:
            return ()
        inner = self.shapes.other(shape)
        rows: list[Field] = []
        seen: set[str] = set(shape.members)
        for index in range(count):
            member = self.entries.get(names.NAME + names.row(place.name, index), "")
            row = place.row_of(inner, index, member, below.get(member, MISSING))
            if not label_of(member, inner):
                row = replace(row, label=gettext("New value"))
            is_new = member not in own and row.path not in self.layer.secrets
            # Nobody can read a secret, so it can't move to another name.
            row = replace(row, has_fixed_name=inner.kind is Kind.SECRET and row.path in self.layer.secrets)
            found = self._read(inner, row, own.get(member, MISSING))
            if is_new and not member and not any(inner.text for inner in found.walk()):
                # Added and left empty.
                found = replace(found, value=MISSING, errors=())
            elif error := self._find_name_error(member, seen, is_new=is_new):
                found = replace(found, errors=(*found.errors, error) if self.is_checked else (), value=BROKEN)
            seen.add(member)
            rows.append(found)
        for path in self.layer.secrets:
            if names.parent_of(path) == place.path and names.last_of(path) not in seen:
                self.secrets[path] = None
        return tuple(rows)

    def _find_name_error(self, member: str, seen: set[str], *, is_new: bool) -> str:
        if not member and is_new:
            return gettext("needs a name")
        if member in seen:
            return gettext("has a name that is there already")
        if not is_storable(member):
            return gettext(UNSTORABLE)
        if len(member) > MAXIMUM_NAME:
            return gettext("has a name that is too long")
        return ""

    def _read_array(self, shape: FieldShape, place: SettingPlace, base: Any) -> Field:
        text = self.entries.get(names.COUNT + place.name)
        count = read_count(text)
        if text is None:
            return self._make(shape, place, value=base)
        if count is None:
            return self._make(shape, place, value=[] if place.is_there else MISSING, can_add=True)
        inner, own = self.shapes.item(shape), base if isinstance(base, list) else []
        label = place.label or label_of(place.member, shape)
        rows = tuple(
            self._read(inner, place.item_of(inner, index, label), own[index] if index < len(own) else MISSING)
            for index in range(count)
        )
        values = [row.value for row in rows]
        is_broken = any(value is BROKEN or value is MISSING for value in values)
        return self._make(shape, place, value=BROKEN if is_broken else values, rows=rows, can_add=True, is_set=True)

    def _read_choice(self, shape: FieldShape, place: SettingPlace, base: Any) -> Field:
        wanted, shown = (self.entries.get(word + place.name, "") for word in (names.CHOICE, names.SHOWN))
        index, labels = _read_index(shown, shape), list(map(branch_label, shape.branches))
        none = gettext("Not set")
        if place.inherited is not MISSING:
            inherited = find_branch(self.shapes, shape, place.inherited)
            none = gettext("Inherited: %s") % (labels[inherited] if inherited is not None else show(place.inherited))
        options = [ShownOption(value="", label=none, is_selected=not wanted)]
        options += [
            ShownOption(value=str(number), label=label, is_selected=wanted == str(number))
            for number, label in enumerate(labels)
        ]
        if index is None:
            errors = (gettext("must have a value"),) if place.is_there else ()
            value = BROKEN if place.is_there else MISSING
            return self._make(
                shape,
                place,
                value=value,
                text=wanted,
                options=tuple(options),
                errors=errors,
                is_switched=_read_index(wanted, shape) is not None,
            )
        branch = shape.branches[index]
        inner = self._read(branch, replace(place, label=labels[index], is_removable=False, row_name=None), base)
        # What is wrong with the value as a whole is shown at the choice, once.
        whole = self.issues.get(place.path, ())
        return self._make(
            shape,
            place,
            value=inner.value,
            text=wanted,
            is_switched=wanted != shown,
            shown=shown,
            options=tuple(options),
            fields=(replace(inner, errors=tuple(error for error in inner.errors if error not in whole)),),
        )

    def _read_secret(self, shape: FieldShape, place: SettingPlace, _: Any) -> Field:
        typed = self.entries.get(names.SECRET + place.name, "")
        sealed = self.entries.get(names.SEALED + place.name, "")
        stored = self.layer.secrets.get(place.path, MISSING)
        is_removed = stored is not MISSING and names.REMOVE + place.name in self.entries
        errors: tuple[str, ...] = ()
        is_lost = False
        if not typed and sealed:
            opened = self.unseal(place.path, sealed)
            sealed = sealed if opened is not None else ""
            typed = opened or ""
            is_lost = opened is None
            errors = () if not is_lost else (gettext("was not kept: type it again"),)
        if typed:
            try:
                self.secrets[place.path] = parse_secret(shape, typed)
            except Unreadable as error:
                errors, sealed, typed = (str(error),), "", ""
        elif is_removed:
            self.secrets[place.path] = None
        elif place.row_name is not None and stored is MISSING:
            errors = (*errors, gettext("must have a value"))
        is_set = stored is not MISSING
        state = Secret(
            is_set=is_set,
            updated_at=stored if is_set else None,
            sealed=sealed,
            is_removed=is_removed,
            is_lost=is_lost,
        )
        # `text` is what a sealed text is made of before the form is shown again; no template renders it.
        value = BROKEN if errors else MISSING
        return self._make(shape, place, value=value, text=typed, secret=state, errors=errors)

    def _lock(self, shape: FieldShape, place: SettingPlace, base: Any) -> Field:
        return replace(self._make(shape, place, value=base), is_locked=True)


def _takes_empty_text(shape: FieldShape) -> bool:
    """Whether an empty text may be a value; a pattern or a format hardly ever takes one."""
    return not shape.words.get("minLength") and not shape.words.keys() & {"pattern", "format"}


def _is_lost(shape: FieldShape, text: str | None) -> bool:
    """Whether this is JSON that may have a secret, and was not kept while a session had ended."""
    return shape.kind is Kind.JSON and shape.holds_secret and text == names.LOST


def _read_index(text: str, shape: FieldShape) -> int | None:
    index = read_count(text)
    return index if index is not None and index < len(shape.branches) else None
