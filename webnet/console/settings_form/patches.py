"""The JSON Merge Patch (RFC 7396) from one version of a layer to another, and two versions that both changed one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webnet.console.settings_form.texts import is_same
from webnet.plugins.schema.walk import MISSING, join_pointer, pointer_get, pointer_set, split_pointer, walk_leaves


@dataclass(frozen=True, kw_only=True)
class ValueDifference:
    """One setting that you and somebody else may have changed: as both saw it, and what each made of it.

    Of a secret, `mine` and `theirs` are what was done to it, MISSING if nothing.
    """

    path: str
    before: Any
    mine: Any
    theirs: Any
    is_secret: bool = False

    @property
    def is_mine(self) -> bool:
        """Whether you have changed it."""
        return self.mine is not MISSING if self.is_secret else not _is_same(self.before, self.mine)

    @property
    def is_theirs(self) -> bool:
        """Whether somebody else has."""
        return self.theirs is not MISSING if self.is_secret else not _is_same(self.before, self.theirs)

    @property
    def is_contested(self) -> bool:
        """Whether both have, and not to the same value; that of a secret is not known."""
        return self.is_mine and self.is_theirs and (self.is_secret or not _is_same(self.mine, self.theirs))


def make_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be sent so that the first becomes the second, apart from the order of members."""
    patch: dict[str, Any] = dict.fromkeys(name for name in before if name not in after)
    for name, value in after.items():
        old = before.get(name, MISSING)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            if inner := make_patch(old, value):
                patch[name] = inner
        elif old is MISSING or not is_same(old, value):
            patch[name] = value
    return patch


def add_secrets(patch: dict[str, Any], secrets: Mapping[str, Any]) -> dict[str, Any]:
    """The patch with the secrets that change; one that is removed with what contains it needs nothing of its own."""
    for path, value in secrets.items():
        if value is None and _is_removed(patch, path):
            continue
        pointer_set(patch, path, value)
    return patch


def compare(
    before: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[ValueDifference, ...]:
    """Each setting that either has changed, by path."""
    return tuple(sorted(_compare(before, mine, theirs), key=lambda difference: split_pointer(difference.path)))


def _compare(
    before: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[ValueDifference]:
    paths = {join_pointer(place) for side in (before, mine, theirs) for place, _ in walk_leaves(side) if place}
    for path in paths:
        values = [_leaf(side, path) for side in (before, mine, theirs)]
        if not (_is_same(values[0], values[1]) and _is_same(values[0], values[2])):
            yield ValueDifference(path=path, before=values[0], mine=values[1], theirs=values[2])


def take_from(mine: Mapping[str, Any], theirs: Mapping[str, Any], paths: frozenset[str]) -> dict[str, Any]:
    """Their version with my values of these paths."""
    taken: dict[str, Any] = make_copy(theirs)
    for path in sorted(paths, key=split_pointer):
        value = _leaf(mine, path)
        if value is MISSING:
            _remove(taken, split_pointer(path))
        else:
            pointer_set(taken, path, value)
    return taken


def make_copy(value: Any) -> Any:
    """A copy of JSON, of which every object may be changed."""
    return {name: make_copy(member) for name, member in value.items()} if isinstance(value, Mapping) else value


def _leaf(document: Mapping[str, Any], path: str) -> Any:
    value = pointer_get(document, path)
    # Its members are compared instead.
    return MISSING if isinstance(value, Mapping) and value else value


def _is_same(one: Any, other: Any) -> bool:
    return one is other if MISSING in (one, other) else is_same(one, other)


def _is_removed(patch: Mapping[str, Any], path: str) -> bool:
    value: Any = patch
    for segment in split_pointer(path):
        if not isinstance(value, Mapping) or segment not in value:
            return False
        value = value[segment]
        if not isinstance(value, Mapping):
            return True
    return False


def _remove(document: dict[str, Any], segments: tuple[str, ...]) -> None:
    name, *others = segments
    if not others:
        document.pop(name, None)
    elif isinstance(document.get(name), dict):
        _remove(document[name], tuple(others))
