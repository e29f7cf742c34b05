"""Where a field is in a form, and what its surroundings say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webnet.console.settings_form import names
from webnet.console.settings_form.hints import label_of
from webnet.console.settings_form.shapes import FieldShape
from webnet.plugins.schema.walk import MISSING, join_pointer


@dataclass(frozen=True, kw_only=True)
class SettingPlace:
    """The place of one field. `is_there`: it exists whatever is typed, such as an item of an array."""

    name: str
    path: str
    member: str
    label: str = ""
    inherited: Any = MISSING
    row_name: str | None = None
    has_fixed_name: bool = False
    is_there: bool = False
    is_required: bool = False
    is_removable: bool = False
    is_fixed: bool = False

    def member_of(self, shape: FieldShape, member: str, below: Mapping[str, Any]) -> SettingPlace:
        """The place of a member that the schema names."""
        is_required = member in shape.required
        return SettingPlace(
            name=names.child(self.name, member),
            path=self.path + join_pointer([member]),
            member=member,
            inherited=below.get(member, MISSING),
            is_there=shape.is_whole and is_required,
            is_required=is_required,
            is_fixed=member in shape.fixed,
        )

    def row_of(self, shape: FieldShape, index: int, member: str, inherited: Any) -> SettingPlace:
        """The place of a row, which has a name of its own."""
        return SettingPlace(
            name=names.row(self.name, index),
            path=self.path + join_pointer([member]),
            member=member,
            # The title is that of all rows.
            label=member or label_of(member, shape),
            inherited=inherited,
            row_name=member,
            is_there=True,
            is_removable=True,
        )

    def item_of(self, shape: FieldShape, index: int, label: str) -> SettingPlace:
        """The place of an item."""
        return SettingPlace(
            name=names.child(self.name, index),
            path=names.child(self.path, index),
            member=str(index + 1),
            label=f"{shape.title or label} {index + 1}",
            is_there=True,
            is_removable=True,
        )
