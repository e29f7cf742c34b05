"""Migrates the stored layers of settings to a plugin's new version, with its `migrate_settings`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from webnet.audit.operation import ChangeRecord
from webnet.customers.models import Customer
from webnet.errors import SecretUnreadable
from webnet.plugins.base import PluginBase
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.schema.settings_schema import SettingsSchema, join_secrets, split_secrets
from webnet.plugins.settings import layers
from webnet.plugins.settings.edits import call_migrate_settings, seal
from webnet.plugins.settings.history import audit_view, changed_secrets
from webnet.plugins.settings.layers import Layer
from webnet.plugins.settings.validity import overriding
from webnet.values.json_text import is_same_json


@dataclass(frozen=True, kw_only=True)
class MigratedLayer:
    """One layer as migrated to the new version; the secrets are decrypted, by JSON Pointer."""

    plugin: str
    layer: Layer
    settings: Mapping[str, Any]
    secrets_before: Mapping[str, Any] = field(repr=False)
    secrets: Mapping[str, Any] = field(repr=False)

    @property
    def customer(self) -> Customer | None:
        """Whose layer it is; None for the global one."""
        return self.layer.customer if isinstance(self.layer, CustomerPluginConfig) else None

    @property
    def is_changed(self) -> bool:
        return not is_same_json([self.settings, self.secrets], [self.layer.settings, self.secrets_before])

    def joined(self) -> dict[str, Any]:
        """With the secrets in their places. Never log or return it."""
        return join_secrets(self.settings, self.secrets)


def migrate_layers(row: PluginConfig, plugin: PluginBase, schema: SettingsSchema | None) -> Iterator[MigratedLayer]:
    """Each layer that sets anything, the global one first; raises whatever the plugin's `migrate_settings` raises.

    A layer with a secret that can't be decrypted is left out: it can't be used until its key is back.
    """
    overrides = overriding(row).select_related("customer").order_by("customer__slug")
    stored: Iterable[Layer] = chain([row] if row.overrides else [], overrides)
    for layer in stored:
        try:
            known = {path: layers.open_secret(layer, path, plugin=row.name) for path in layer.secrets}
        except SecretUnreadable:
            continue
        yield _move(row, layer, plugin, schema, known)


def store_migrated(migrated: MigratedLayer) -> ChangeRecord:
    """Write the layer as its next revision; returns what goes into its audit row."""
    layer, before, sealed = migrated.layer, audit_view(migrated.layer), migrated.layer.secrets
    layer.settings, layer.secrets = dict(migrated.settings), _seal(migrated)
    layer.settings_revision += 1
    layer.save(update_fields=["settings", "secrets", "settings_revision", "updated_at"])
    after = audit_view(layer) | {"secretsChanged": changed_secrets(sealed, layer.secrets)}
    scope = "customer_plugin" if migrated.customer else "plugin"
    action = f"update_{scope}_settings"
    return ChangeRecord(migrated.plugin, before=before, after=after, customer=migrated.customer, action=action)


def _move(
    row: PluginConfig, layer: Layer, plugin: PluginBase, schema: SettingsSchema | None, known: Mapping[str, Any]
) -> MigratedLayer:
    migrated = call_migrate_settings(plugin, row.version or "", join_secrets(layer.settings, known))
    plain, found = (layer.settings, known) if schema is None else split_secrets(_StillSecret(schema, known), migrated)
    kept = {path: value for path, value in found.items() if value is not None}
    return MigratedLayer(plugin=row.name, layer=layer, settings=plain, secrets_before=known, secrets=kept)


@dataclass(frozen=True)
class _StillSecret:
    """What was a secret stays one, even if the new version's schema no longer declares it."""

    schema: SettingsSchema
    known: Mapping[str, Any] = field(repr=False)

    def is_secret(self, pointer: str) -> bool:
        return pointer in self.known or self.schema.is_secret(pointer)

    def has_secrets_below(self, pointer: str) -> bool:
        return self.schema.has_secrets_below(pointer)


def _seal(migrated: MigratedLayer) -> dict[str, Any]:
    """A secret that stays the same is not sealed again, and keeps its time."""
    before, stored = migrated.secrets_before, migrated.layer.secrets
    return {
        path: stored[path]
        if path in before and is_same_json(before[path], value)
        else seal(migrated.layer, path, value, plugin=migrated.plugin)
        for path, value in migrated.secrets.items()
    }
