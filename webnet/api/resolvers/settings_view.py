"""A plugin's settings as a viewer may see them: without secrets, and for customers without platform-only settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webnet.api.request.reader import Reading
from webnet.api.responses import compact, encode_json
from webnet.api.values.settings import SecretSetting, SettingSource
from webnet.api.vocabulary.enums import SettingLayer
from webnet.api.vocabulary.scalars import CheckedJson
from webnet.audit.models import PluginAuditLog
from webnet.plugins.gate.effective import BoundedCache
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.schema.settings_schema import SettingsSchema, prune_settings
from webnet.plugins.settings import layers
from webnet.plugins.settings.history import ChangedSetting, list_changes

# What was merged last, by all that it depends on: schema, who sees it, and the layers as JSON. So it is never stale,
# and needs no token. A few megabytes; LARGEST_SHARED, in bytes of JSON, keeps it so.
LARGEST_SHARED = 2_000
_merged: BoundedCache[tuple[SettingsSchema | None, bool, bytes, bytes], CheckedJson] = BoundedCache(4_000)


class ShownSettings:
    """The settings of one plugin, for the platform or, with `config`, for one customer."""

    def __init__(self, plugin: PluginConfig, config: CustomerPluginConfig | None = None, *, sees_all: bool) -> None:
        self._plugin = plugin
        self._config = config
        self._layer = plugin if config is None else config
        self._sees_all = sees_all
        self._schema = layers.schema_of(plugin.name)

    def schema(self) -> Mapping[str, Any] | None:
        return None if self._schema is None else self._schema.for_clients(sees_platform_only=self._sees_all)

    def own(self) -> Mapping[str, Any]:
        """This layer alone."""
        return self._show(self._layer.settings)

    def effective(self) -> Mapping[str, Any]:
        """All layers merged."""
        if self._hides_global:
            return self.own()
        own = self._config.settings if self._config is not None else {}
        key = (self._schema, self._sees_all, encode_json(self._plugin.settings), encode_json(own))
        known = _merged.get(key)
        return known if known is not None else self._merge(key, own)

    def inherited(self) -> Mapping[str, Any]:
        """The layers below this one, merged: what holds where this one sets nothing."""
        if self._hides_global:
            return {}
        below = self._plugin.settings if self._config is not None else {}
        return self._show(layers.shared_settings(self._schema, below, {}))

    def sources(self) -> list[SettingSource]:
        found = layers.settings_sources(self._plugin, self._config)
        if self._hides_global:
            found = tuple((path, layer) for path, layer in found if layer == SettingLayer.CUSTOMER.value)
        shown = [(path, layer) for path, layer in found if self._is_shown(path) and not self._is_secret(path)]
        return [SettingSource(path=path, layer=SettingLayer(layer)) for path, layer in shown]

    def secrets(self) -> list[SecretSetting]:
        """One for each secret that the schema declares, and for each one that is set."""
        named = self._schema.secret_paths() if self._schema is not None else ()
        paths = dict.fromkeys((*(path for path in named if "*" not in path.split("/")), *sorted(self._layer.secrets)))
        return [self._secret(path) for path in paths if self._is_shown(path)]

    def platform_only(self) -> list[str]:
        return list(self._schema.platform_only_paths()) if self._schema is not None else []

    @property
    def _hides_global(self) -> bool:
        """Without the schema it is unknown which global values are platform-only, so customers see none."""
        return self._schema is None and not self._sees_all

    def _secret(self, path: str) -> SecretSetting:
        stored = self._layer.secrets.get(path)
        updated_at = datetime.fromisoformat(stored["updated_at"]) if stored else None
        return SecretSetting(path=path, is_set=stored is not None, updated_at=updated_at)

    def _merge(self, key: tuple[SettingsSchema | None, bool, bytes, bytes], own: Mapping[str, Any]) -> CheckedJson:
        shown = CheckedJson(self._show(layers.shared_settings(self._schema, self._plugin.settings, own)))
        # Encoded here, so that it need not be for each answer; an error is one of this field.
        if len(encode_json(shown)) + len(key[2]) + len(key[3]) <= LARGEST_SHARED:
            _merged.put((*key[:2], compact(key[2]), compact(key[3])), shown)
        return shown

    def _show(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        schema = self._schema
        if schema is None or not (schema.has_secrets or (schema.has_platform_only and not self._sees_all)):
            return settings
        # A value can be older than the schema that declares it a secret.
        return prune_settings(settings, lambda path: not self._is_shown(path) or self._is_secret(path))

    def _is_shown(self, path: str) -> bool:
        return self._sees_all or self._schema is None or not self._schema.platform_only(path)

    def _is_secret(self, path: str) -> bool:
        return self._schema is not None and self._schema.is_secret(path)


def find_effective(reading: Reading, config: CustomerPluginConfig) -> Mapping[str, Any]:
    """All layers of the customer's settings, merged once for each state of the gate that a request reads."""
    plugin, sees_all = config.plugin, reading.actor.is_platform_operator
    state = reading.states.find_known(config.customer_id)  # A row of a list needs none.
    if state is None or not state.has(config):
        return ShownSettings(plugin, config, sees_all=sees_all).effective()
    # With the schema, which a plugin that is set aside in this process loses under the same tokens.
    key = "effective_settings", plugin.name, layers.schema_of(plugin.name), sees_all
    known: Mapping[str, Any] | None = state.derived.get(key)
    if known is not None:
        return known
    shown = ShownSettings(plugin, config, sees_all=sees_all).effective()
    if len(encode_json(shown)) <= LARGEST_SHARED:
        state.derived[key] = shown
    return shown


def show_changes(row: PluginAuditLog, *, sees_all: bool) -> tuple[ChangedSetting, ...]:
    """What one change of settings did; the current schema decides what is secret or platform-only."""
    return choose_shown(list_changes(row), row.plugin_name, sees_all=sees_all)


def choose_shown(changes: tuple[ChangedSetting, ...], plugin: str, *, sees_all: bool) -> tuple[ChangedSetting, ...]:
    """Those that the viewer may see, of secrets only that they changed."""
    schema = layers.schema_of(plugin)
    if schema is None:
        return changes
    shown = [change for change in changes if sees_all or not schema.platform_only(change.path)]
    return tuple(
        ChangedSetting(path=change.path, is_secret=True) if schema.is_secret(change.path) else change
        for change in shown
    )
