"""What the audit log says of a layer of settings."""

from __future__ import annotations

from typing import Any

from webnet.plugins.settings.layers import Layer


def audit_view(layer: Layer) -> dict[str, Any]:
    """What an audit row says of a layer, before and after; never a secret."""
    return {"revision": layer.settings_revision, "settings": layer.settings, "secretsSet": sorted(layer.secrets)}


def changed_secrets(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The pointers of the secrets that were set, changed or removed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
