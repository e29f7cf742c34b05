"""A plugin that is effective in a view, with what it adds to the schema there."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry import UNSET

from webnet.api.declarations.fields import field, object_type
from webnet.api.declarations.state_reads import StateRead
from webnet.api.engine.ownership import Additions
from webnet.api.request.context import Info
from webnet.api.types.plugin import Plugin
from webnet.api.vocabulary.enums import TypeKind
from webnet.api.vocabulary.node import global_id
from webnet.plugins.kernel.parsing import MAXIMUM_ENTRIES
from webnet.plugins.models import PluginConfig


@object_type
class EffectivePlugin:
    """A plugin that is effective in this view, with what it adds to the schema that the viewer sees.

    Attributes:
        plugin: The plugin.
    """

    view: strawberry.Private[str]
    additions: strawberry.Private[Additions]
    plugin: PluginConfig = strawberry.field(graphql_type=Plugin)

    @field(reads=StateRead.ANYWHERE)
    def id(self) -> strawberry.ID:
        """For caches: names the plugin and the view. `node` does not find it."""
        return global_id("EffectivePlugin", f"{self.view}/{self.plugin.name}")

    @field(maximum=MAXIMUM_ENTRIES, reads=StateRead.ANYWHERE)
    def types(self, kind: TypeKind | None = UNSET) -> list[str]:
        """The names of the types that it adds, whole: with all fields but those that other plugins add. Sorted.

        Args:
            kind: Only types of this kind; null for all.
        """
        return [name for name, its_kind in self.additions.types if not kind or its_kind is kind]

    @field(maximum=MAXIMUM_ENTRIES, reads=StateRead.ANYWHERE)
    def fields(self) -> list[str]:
        """The fields that it adds to types of webnet or of other plugins, as schema coordinates such as
        `Query.sites`; the root types are among those types. Sorted.
        """
        return list(self.additions.fields)


def find_effective_plugins(info: Info) -> list[EffectivePlugin]:
    """The plugins that are effective in this view, by name, also those that add nothing to the schema."""
    reading = info.context.reading
    schema: Any = info.schema  # Strawberry names its own class, which webnet's extends.
    rows = [reading.platform.plugins[name] for name in sorted(reading.effective_plugins)]
    reading.remember_plugins(rows)
    view = reading.view.slug if reading.view is not None else ""
    return [
        EffectivePlugin(view=view, additions=schema.additions.get(row.name, Additions()), plugin=row) for row in rows
    ]
