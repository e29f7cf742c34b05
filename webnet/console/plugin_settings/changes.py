"""Changes of settings as people read them: what each is called, and its values before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from webnet.console.settings_form.labels import find_label
from webnet.console.settings_form.shapes import Shapes
from webnet.console.settings_form.texts import show, show_apart
from webnet.plugins.schema.walk import MISSING, pointer_get


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """One line of a review; of a secret, there are no values."""

    path: str
    label: str
    before: str
    after: str
    is_secret: bool
    is_removed: bool


def show_changes(
    changes: Sequence[Mapping[str, Any]],
    *,
    shapes: Shapes | None,
    inherited: Mapping[str, Any],
    removed: Collection[str],
) -> Iterator[ShownChange]:
    """The changes of a layer, ChangedSetting each; what is not set any more is inherited. `removed` are secrets."""
    for change in changes:
        path = change["path"]
        if _is_frame(change, changes):
            continue
        before, after = _show_values(path, (change["before"], change["after"]), inherited)
        yield ShownChange(
            path=path,
            label=find_label(shapes, path),
            before=before,
            after=after,
            is_secret=change["isSecret"],
            is_removed=change["isSecret"] and path in removed,
        )


def _is_frame(change: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it is only the object around other changes, which a first secret in it makes."""
    return change["after"] == {} and any(each["path"].startswith(f"{change['path']}/") for each in changes)


def _show_values(path: str, values: Sequence[Any], inherited: Mapping[str, Any]) -> list[str]:
    if None not in values:
        return show_apart(values)
    below = pointer_get(inherited, path)
    none = gettext("not set") if below is MISSING else gettext("inherited: %s") % show(below)
    return [none if value is None else show(value) for value in values]
