"""What the audit log contains about a layer of settings: written by each change, the only store of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.errors import RevisionNotAvailable
from webnet.plugins.schema.walk import MISSING, join_pointer, pointer_get, walk_leaves
from webnet.plugins.settings.layers import Layer
from webnet.sentences import sentence
from webnet.values.json_text import is_same_json

GLOBAL_ACTIONS = ("update_plugin_settings", "revert_plugin_settings")
CUSTOMER_ACTIONS = ("update_customer_plugin_settings", "revert_customer_plugin_settings")


@dataclass(frozen=True, kw_only=True)
class ChangedSetting:
    """One value of a layer before and after a change: None if it was not set, and always for a secret."""

    path: str
    before: Any = None
    after: Any = None
    is_secret: bool = False


def audit_view(layer: Layer) -> dict[str, Any]:
    """What an audit row contains about a layer, before and after; never a secret."""
    return {"revision": layer.settings_revision, "settings": layer.settings, "secretsSet": sorted(layer.secrets)}


def changed_secrets(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The pointers of the secrets that were set, changed or removed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def changes(*, is_global: bool) -> QuerySet[PluginAuditLog]:
    """The audit rows that changed a layer: the global ones, or customers' own, of all plugins."""
    actions = GLOBAL_ACTIONS if is_global else CUSTOMER_ACTIONS
    return PluginAuditLog.objects.filter(action__in=actions, outcome=AuditOutcome.SUCCEEDED)


def revision_of(row: PluginAuditLog) -> int:
    """The layer's revision after that change."""
    return int(_view(row.after)["revision"])


def settings_at(plugin: str, customer_id: int | None, revision: int) -> tuple[dict[str, Any], str]:
    """The layer's plain values at a revision, and the plugin's version of then.

    Raises RevisionNotAvailable if there was no such revision, or if its audit row was pruned.
    """
    rows = changes(is_global=customer_id is None).filter(plugin_name=plugin, customer_id=customer_id)
    # `audit_view` writes the revision first, so the text can be searched for it.
    rows = rows.alias(after_text=Cast("after", TextField()))
    row = rows.filter(after_text__startswith=f'{{"revision": {revision}, ').first()
    if row is None:
        raise RevisionNotAvailable(
            sentence(
                "The settings of '{plugin}' can't go back to revision {revision}: it is not in the audit log.",
                plugin=plugin,
                revision=revision,
            )
        )
    return _view(row.after)["settings"], row.plugin_version


def list_changes(row: PluginAuditLog) -> tuple[ChangedSetting, ...]:
    """What one change did, by path; for secrets only that they changed."""
    return compare_views(row.before, row.after)


def compare_views(before_view: Any, after_view: Any) -> tuple[ChangedSetting, ...]:
    """The same for what an audit row contains before and after.

    Members that only come in another order are listed too, each with the same value before and after.
    """
    before, after = _view(before_view)["settings"], _view(after_view)["settings"]
    paths = dict.fromkeys(join_pointer(place) for side in (before, after) for place, _ in walk_leaves(side) if place)
    changed = [path for path in paths if not _is_same(pointer_get(before, path), pointer_get(after, path))]
    plain = [
        ChangedSetting(path=path, before=_leaf(before, path), after=_leaf(after, path))
        for path in changed or (paths if not is_same_json(before, after) else ())
    ]
    secret = [ChangedSetting(path=path, is_secret=True) for path in _view(after_view)["secretsChanged"]]
    return tuple(sorted((*plain, *secret), key=lambda change: change.path))


def _view(side: Any) -> Mapping[str, Any]:
    # A successful change of settings always has both sides; a row of any other kind has none of this.
    return side or {"revision": 0, "settings": {}, "secretsChanged": ()}


def _is_same(one: Any, other: Any) -> bool:
    return one is other if MISSING in (one, other) else is_same_json(one, other)


def _leaf(settings: Mapping[str, Any], path: str) -> Any:
    value = pointer_get(settings, path)
    # The members of an object are shown instead of the object.
    return None if value is MISSING or (isinstance(value, Mapping) and value) else value
