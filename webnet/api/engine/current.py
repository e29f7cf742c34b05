"""The one full schema of this process, for what its own types call: `webnet.api.schema` builds it and puts it here."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.api.engine.derivation import SchemaIndex
from webnet.api.engine.ownership import Ownership
from webnet.api.engine.strawberry_schema import Schema


@dataclass(frozen=True, kw_only=True)
class FullSchema:
    """Everything that the host and the loaded plugins contribute, and who contributes it."""

    schema: Schema
    owners: Ownership
    index: SchemaIndex


_built: list[FullSchema] = []


def set_current_schema(full: FullSchema) -> None:
    """Make it the schema of this process, in place of an earlier one."""
    _built[:] = [full]


def current_schema() -> FullSchema:
    """The schema of this process. Raises LookupError before it was built, when nothing can be resolved yet."""
    if not _built:
        raise LookupError("The full schema has not been built yet: call webnet.api.schema.full_schema() first.")
    return _built[0]
