"""Holds the full schema of this process for resolvers; `webnet.api.schema`, which imports them, builds it."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.api.engine.derivation import SchemaIndex
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema


@dataclass(frozen=True, kw_only=True)
class FullSchema:
    """What the host and the loaded plugins contribute, and who contributes it."""

    schema: Schema
    owners: Ownership
    index: SchemaIndex


_built: list[FullSchema] = []


def set_current_schema(full: FullSchema) -> None:
    """Make it the schema of this process, and replace an earlier one."""
    _built[:] = [full]


def current_schema() -> FullSchema:
    """The schema of this process; raises LookupError if it was not built yet."""
    if not _built:
        raise LookupError("The full schema has not been built yet: call webnet.api.schema.full_schema() first.")
    return _built[0]
