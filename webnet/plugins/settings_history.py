"""What became of a layer of settings, revision by revision: read from the audit log, which is the only store of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from webnet.errors import RevisionNotAvailable
from webnet.plugins.json_pointer import MISSING, join_pointer, pointer_get, walk_leaves
from webnet.plugins.models import AuditOutcome, PluginAuditLog

GLOBAL_ACTIONS = ("update_plugin_settings", "revert_plugin_settings")
CUSTOMER_ACTIONS = ("update_customer_plugin_settings", "revert_customer_plugin_settings")


@dataclass(frozen=True, kw_only=True)
class ChangedSetting:
    """One value of a layer before and after a change: None where it was not set, and always for a secret."""

    path: str
    before: Any = None
    after: Any = None
    is_secret: bool = False


def history(plugin: str, customer_id: int | None) -> QuerySet[PluginAuditLog]:
    """The audit rows of a layer's changes, newest first: the global layer's, or one customer's."""
    actions = GLOBAL_ACTIONS if customer_id is None else CUSTOMER_ACTIONS
    rows = PluginAuditLog.objects.filter(plugin_name=plugin, customer_id=customer_id, action__in=actions)
    return rows.filter(outcome=AuditOutcome.SUCCEEDED).order_by("-position")


def revision_of(row: PluginAuditLog) -> int:
    """The layer's revision after that change."""
    return int(row.after["revision"])


def settings_at(plugin: str, customer_id: int | None, revision: int) -> Mapping[str, Any]:
    """The layer's plain values at a revision, 0 being the one before the first change.

    Raises RevisionNotAvailable when there is none of that number, or its audit row was pruned.
    """
    row = history(plugin, customer_id).filter(after__revision=revision).first()
    if row is not None:
        settings: dict[str, Any] = row.after["settings"]
        return settings
    if revision == 0:
        return {}
    message = f"The settings of '{plugin}' can't go back to revision {revision}: the audit log does not hold it."
    raise RevisionNotAvailable(message)


def list_changes(row: PluginAuditLog, is_hidden: Callable[[str], bool] = lambda _: False) -> tuple[ChangedSetting, ...]:
    """What one change did, by path; of secrets only that they changed, and nothing of what is hidden."""
    before, after = row.before["settings"], row.after["settings"]
    paths = dict.fromkeys(join_pointer(place) for side in (before, after) for place, _ in walk_leaves(side) if place)
    changes = [
        ChangedSetting(path=path, before=_leaf(before, path), after=_leaf(after, path))
        for path in paths
        if pointer_get(before, path) != pointer_get(after, path)
    ]
    secret = [ChangedSetting(path=path, is_secret=True) for path in row.after["secretsChanged"]]
    return tuple(sorted((c for c in (*changes, *secret) if not is_hidden(c.path)), key=lambda change: change.path))


def _leaf(settings: Mapping[str, Any], path: str) -> Any:
    value = pointer_get(settings, path)
    # An object with members is told by its members.
    return None if value is MISSING or (isinstance(value, Mapping) and value) else value
