"""Holds the full schema of this process for resolvers; `webnet.api.schema`, which imports them, builds it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from webnet.api.engine.derivation import LostParts, Removal, SchemaIndex, list_lost
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema


@dataclass(frozen=True, kw_only=True)
class FullSchema:
    """What the host and the loaded plugins contribute, and who contributes it."""

    schema: Schema
    owners: Ownership
    index: SchemaIndex

    def plan_removal(self, hidden: Collection[str]) -> Removal:
        """What a schema lacks in which these plugins are hidden."""
        return self.index.plan_removal(
            types=(name for name, plugin in self.owners.types.items() if plugin in hidden),
            fields=(key for key, plugin in self.owners.fields.items() if plugin in hidden),
        )

    def list_lost(self, shown: frozenset[str], *, without: frozenset[str]) -> LostParts:
        """What the schema with the plugins that are shown loses without these of them."""
        hidden = self.owners.plugins - shown
        return list_lost(self.plan_removal(hidden), self.plan_removal(hidden | (without & self.owners.plugins)))


_built: list[FullSchema] = []


def set_current_schema(full: FullSchema) -> None:
    """Make it the schema of this process, and replace an earlier one."""
    _built[:] = [full]


def current_schema() -> FullSchema:
    """The schema of this process; raises LookupError if it was not built yet."""
    if not _built:
        raise LookupError("The full schema has not been built yet: call webnet.api.schema.full_schema() first.")
    return _built[0]
