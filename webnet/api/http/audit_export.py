"""The rows of the audit log that a filter selects, as a download: for exactly those who may read them.

Platform operators get what `export_audit_log` writes. Others get the same lines with what the API shows them in the
text, and the hash as the API has it: positions, keys and checkpoints tell how much everybody else does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import coerce_input_value
from strawberry.types.arguments import convert_argument

from webnet.api.declarations.connections import narrow
from webnet.api.request.context import Context
from webnet.api.resolvers import listings
from webnet.api.resolvers.filters import PluginAuditLogFilter
from webnet.api.schema import full_schema
from webnet.api.types.audit_log import shown_hash
from webnet.audit import export
from webnet.audit.models import PluginAuditLog

# More take the command, which needs no client that waits: these are some minutes at a slow line, and 100 MB at most.
MOST_ROWS = 50_000
BATCH_ROWS = 500
# Those that the API shows to everybody who may read the row, by the names that the command has for them.
SHOWN_COLUMNS = (
    "sequence",
    "created_at",
    "actor_name",
    "role",
    "customer_slug",
    "plugin_name",
    "plugin_version",
    "action",
    "outcome",
    "error_code",
    "reason",
    "request_id",
    "before",
    "after",
)


@dataclass(frozen=True, kw_only=True)
class AuditExport:
    """The positions of the rows, the oldest first; `is_too_large` if there are more than one download may have."""

    context: Context
    positions: Sequence[int]
    is_too_large: bool

    def lines(self) -> Iterator[str]:
        """The lines, batch by batch: no statement lasts while a client waits, and rows never change."""
        if self.context.actor.is_platform_operator:
            yield from export.to_ndjson(self._read(*export.NDJSON_COLUMNS))
            return
        for row in self._read(*SHOWN_COLUMNS, "hash", "customer_id", "ip_address"):
            yield export.to_line(text=_show(row, self.context), hash_=shown_hash(row, self.context))

    def _read(self, *columns: str) -> Iterator[PluginAuditLog]:
        for start in range(0, len(self.positions), BATCH_ROWS):
            batch = self.positions[start : start + BATCH_ROWS]
            # By the ends and the set: the rows of a customer are no range of positions.
            yield from PluginAuditLog.objects.filter(position__in=batch).order_by("position").only("position", *columns)


def find_export(context: Context, wanted: Mapping[str, Any]) -> AuditExport:
    """What the filter, as a client sends it, selects of the rows that the viewer may read in this view.

    Raises GraphQLError for what is no filter, and DeadlineExceeded if that takes too long to find out.
    """
    rows = listings.audit_logs_of(listings.audited_customers(context.reading))
    given = _read_filter(wanted)
    found = given.find(narrow(rows, given))
    positions = list(found.order_by("position").values_list("position", flat=True)[: MOST_ROWS + 1])
    return AuditExport(context=context, positions=positions[:MOST_ROWS], is_too_large=len(positions) > MOST_ROWS)


def _read_filter(wanted: Mapping[str, Any]) -> PluginAuditLogFilter:
    schema = full_schema().schema
    coerced = coerce_input_value(dict(wanted), schema.graphql.type_map["PluginAuditLogFilter"])  # type: ignore[arg-type]  # It is an input.
    made: Any = convert_argument(coerced, PluginAuditLogFilter, schema.schema_converter.scalar_registry, schema.config)
    return made  # type: ignore[no-any-return]  # as its type is


def _show(row: PluginAuditLog, context: Context) -> str:
    names = [*SHOWN_COLUMNS, "ip_address"] if listings.sees_ip_address(context.reading, row) else SHOWN_COLUMNS
    columns = {name: getattr(row, name) for name in names}
    created_at = row.created_at.isoformat().replace("+00:00", "Z")
    return json.dumps(columns | {"created_at": created_at}, ensure_ascii=False, separators=(",", ":"))
