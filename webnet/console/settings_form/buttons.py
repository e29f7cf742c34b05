"""The buttons of a form: they add, remove, reset and switch, and keep what was typed everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from webnet.console.settings_form import names
from webnet.console.settings_form.entries import MAXIMUM_ENTRIES, EntryWriter, find_branch
from webnet.console.settings_form.fields import Field
from webnet.console.settings_form.shapes import FieldShape, Kind, Shapes
from webnet.plugins.schema.walk import MISSING


class UnusableButton(Exception):
    """The button does nothing here; the text says why."""


def press(
    button: str, root: Field, entries: Mapping[str, str], *, shapes: Shapes, secrets: Mapping[str, Any]
) -> dict[str, str]:
    """The form after a button, `word:name`; raises UnusableButton. `root` is the form that these entries make."""
    word, _, name = button.partition(":")
    changed = dict(entries)
    found = next((each for each in root.walk() if each.name == name), None)
    if found is None:
        raise UnusableButton(gettext("This part of the form is not there any more."))
    writer = EntryWriter(shapes=shapes, secrets=tuple(secrets), entries=changed)
    if word == "add":
        _add(found, writer)
    elif word == "remove":
        _remove(found, changed)
    elif word == "reset":
        _rewrite(found, writer, MISSING)
    elif word == "override" and found.inherited_value is not MISSING:
        _rewrite(found, writer, found.inherited_value)
    elif word == "discard":
        changed.pop(names.SEALED + name, None)
        changed[names.SECRET + name] = ""
    else:
        raise UnusableButton(gettext("This button can't be used here."))
    return changed


def find_switch(root: Field) -> Field | None:
    """The first choice with another branch chosen than the one whose fields are in the form."""
    return next((each for each in root.walk() if each.is_switched), None)


def switch(choice: Field, entries: Mapping[str, str], *, shapes: Shapes, secrets: Mapping[str, Any]) -> dict[str, str]:
    """The form with the fields of the chosen branch. What was typed stays where a field of that name is there, too."""
    fresh = EntryWriter(shapes=shapes, secrets=tuple(secrets))
    wanted = entries.get(names.CHOICE + choice.name, "")
    branches = dict(zip(map(str, range(len(choice.shape.branches))), choice.shape.branches, strict=True))
    branch = branches.get(wanted)
    if branch is None:
        fresh.entries[names.CHOICE + choice.name] = fresh.entries[names.SHOWN + choice.name] = ""
    else:
        inherits = find_branch(shapes, choice.shape, choice.inherited_value) == int(wanted)
        fresh.write_branch(
            choice.shape,
            choice.name,
            int(wanted),
            value=_first_value(branch, shapes, is_inherited=inherits),
            inherited=choice.inherited_value,
            path=choice.path,
            is_there=choice.is_there,
        )
    hidden = {each.input_name for each in choice.walk() if each.kind is Kind.SECRET}
    changed = {name: text for name, text in entries.items() if not names.is_within(name, choice.name)}
    before = {name: text for name, text in entries.items() if names.is_within(name, choice.name)}
    fixed = {names.child(choice.name, member) for member in (branch.fixed if branch else ())}
    for name, text in before.items():
        plain = name.removeprefix(names.KEPT)
        if plain in fixed or plain.startswith((names.CHOICE + choice.name, names.SHOWN + choice.name)):
            continue
        if plain in fresh.entries:
            # What is in the form counts more than what was there before.
            if text and not (name.startswith(names.KEPT) and fresh.entries[plain]):
                fresh.entries[plain] = text
        elif plain not in hidden and text:
            fresh.entries[names.KEPT + plain] = text
    return changed | fresh.entries


def _first_value(shape: FieldShape, shapes: Shapes, *, is_inherited: bool) -> Any:
    """What a new item, or a branch that was just chosen, begins with: its default, and what can't be otherwise."""
    if is_inherited:
        return MISSING
    if "default" in shape.words and shape.kind is not Kind.OBJECT:
        return shape.words["default"]
    if shape.kind is Kind.ARRAY and shape.is_whole:
        return []
    if shape.kind is not Kind.OBJECT:
        return MISSING
    value = dict(shape.words["default"]) if isinstance(shape.words.get("default"), Mapping) else {}
    for member in shape.members:
        inner = shapes.member(shape, member)
        if member in shape.fixed or (len(inner.options) == 1 and member in shape.required):
            value[member] = inner.options[0].value
        elif shape.is_whole and "default" in inner.words and member not in value:
            value[member] = inner.words["default"]
    return value


def _add(found: Field, writer: EntryWriter) -> None:
    if len(writer.entries) >= MAXIMUM_ENTRIES:
        raise UnusableButton(gettext("The form is full: save it, and the part that is too long can be edited as JSON."))
    if found.kind is Kind.OBJECT and found.is_collapsed:
        _rewrite(found, writer, _first_value(found.shape, writer.shapes, is_inherited=False))
        return
    if found.kind not in {Kind.ARRAY, Kind.OBJECT} or not found.can_add:
        raise UnusableButton(gettext("Nothing can be added here."))
    index = len(found.rows)
    writer.entries[names.COUNT + found.name] = str(index + 1)
    if found.kind is Kind.ARRAY:
        inner, name = writer.shapes.item(found.shape), names.child(found.name, index)
    else:
        inner, name = writer.shapes.other(found.shape), names.row(found.name, index)
        writer.entries[names.NAME + name] = ""
    value = _first_value(inner, writer.shapes, is_inherited=False)
    writer.write(inner, name, value=value, path=name, is_there=True)


def _remove(found: Field, entries: dict[str, str]) -> None:
    """Remove an item or a row; those after it move up."""
    above = names.parent_of(found.name)
    count = entries.get(names.COUNT + above, "")
    if not found.is_removable or not count.isdecimal():
        raise UnusableButton(gettext("This can't be removed."))
    last = found.name.rpartition("/")[2]
    mark, index = ("~+" if last.startswith("~+") else ""), int(last.removeprefix("~+"))
    for name in [name for name in entries if names.is_within(name, found.name)]:
        del entries[name]
    for number in range(index + 1, int(count)):
        old, new = f"{above}/{mark}{number}", f"{above}/{mark}{number - 1}"
        for name in [name for name in entries if names.is_within(name, old)]:
            pointer = names.pointer_of(name)
            word = name[: len(name) - len(pointer)]
            entries[word + new + pointer[len(old) :]] = entries.pop(name)
    entries[names.COUNT + above] = str(int(count) - 1)


def _rewrite(found: Field, writer: EntryWriter, value: Any) -> None:
    """Write a part anew, as it is with that value."""
    for name in [name for name in writer.entries if names.is_within(name, found.name)]:
        # The name of a row is not part of its value.
        if name != names.NAME + found.name:
            del writer.entries[name]
    writer.write(
        found.shape,
        found.name,
        value=value,
        inherited=found.inherited_value,
        path=found.path,
        is_there=found.is_there,
    )
