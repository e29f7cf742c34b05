"""The schema as one viewer sees it: plugins that are not effective are not merely hidden, but absent."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from django.conf import settings

from webnet import metrics
from webnet.api.engine.current import FullSchema
from webnet.api.engine.derivation import SchemaFilter
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.request.reader import Reading
from webnet.api.schema import full_schema
from webnet.plugins.gate.effective import BoundedCache

_derived: BoundedCache[frozenset[str], Schema] = BoundedCache(settings.WEBNET_SCHEMA_CACHE_SIZE)
_deriving = Lock()


def visible_schema(reading: Reading | None) -> Schema:
    """The schema with the plugins that are effective in this view; only the host's for those who are not signed in."""
    brought = full_schema().owners.plugins
    shown = reading.effective_plugins if reading is not None and brought else frozenset()
    return schema_without(brought - shown)


def schema_without(plugins: Iterable[str]) -> Schema:
    """The full schema without what these plugins contribute; the most recently used ones are cached."""
    full = full_schema()
    hidden = frozenset(plugins) & full.owners.plugins
    if not hidden:
        return full.schema
    known = _derived.get(hidden)
    metrics.schema_lookups.labels("hit" if known is not None else "miss").inc()
    if known is not None:
        return known
    with _deriving:  # If many requests need the same schema at once, only one derives it.
        known = _derived.get(hidden)
        if known is None:
            known = derive(full, hidden)
            _derived.put(hidden, known)
        return known


def derive(full: FullSchema, hidden: frozenset[str]) -> Schema:
    """Derive the schema without what these plugins contribute from the full one."""
    return full.schema.derive(SchemaFilter(full.index, full.plan_removal(hidden)).build(), hidden=hidden)
