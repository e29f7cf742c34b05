"""The layers of a plugin's settings as they are stored: merged, opened, and where each value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.schema.settings_schema import SettingsSchema, join_secrets, merge_layers, share_layers, sources
from webnet.plugins.settings import secrets

Layer: TypeAlias = PluginConfig | CustomerPluginConfig


def schema_of(plugin: str) -> SettingsSchema | None:
    """The plugin's settings schema; None if it declares none, or is not loaded here."""
    entry = registry.find(plugin)
    return entry.manifest.settings_schema if entry is not None and entry.manifest is not None else None


def defaults_of(plugin: str) -> dict[str, Any]:
    """The schema's defaults; empty if there is no schema."""
    schema = schema_of(plugin)
    return schema.defaults() if schema is not None else {}


def shared_settings(
    schema: SettingsSchema | None, global_layer: Mapping[str, Any], customer_layer: Mapping[str, Any]
) -> dict[str, Any]:
    """Defaults ← global ← customer, without secrets and without a copy: to be read, and not changed or given away."""
    return share_layers(schema.shared_defaults if schema is not None else {}, global_layer, customer_layer)


def effective_settings(row: PluginConfig, config: CustomerPluginConfig | None = None) -> dict[str, Any]:
    """Defaults ← global ← customer, without secrets; a copy, which its reader may change."""
    return merge_layers(defaults_of(row.name), row.settings, config.settings if config else {})


def settings_sources(row: PluginConfig, config: CustomerPluginConfig | None = None) -> tuple[tuple[str, str], ...]:
    """(JSON Pointer, "schema_default" | "global" | "customer") for each value of the merged settings."""
    return sources(defaults_of(row.name), row.settings, config.settings if config else {})


def opened(row: PluginConfig, config: CustomerPluginConfig | None = None) -> OpenedSettings:
    """The merged settings for the plugin itself; secrets are decrypted when the settings are first read."""
    return OpenedSettings(lambda: as_read_by_plugins(row.name, open_merged(row, config)))


def as_read_by_plugins(plugin: str, merged: dict[str, Any]) -> dict[str, Any]:
    """The merged settings of `plugin` with an int wherever its schema says `integer`, also where 2.0 was sent."""
    schema = schema_of(plugin)
    return merged if schema is None else schema.with_integers(merged)


def open_merged(row: PluginConfig, config: CustomerPluginConfig | None = None) -> dict[str, Any]:
    """The merged settings with the secrets in their places, for validation. Never log or return them.

    Raises SecretUnreadable.
    """
    stored = (layer for layer in (row, config) if layer is not None)
    return merge_layers(defaults_of(row.name), *(open_layer(layer, plugin=row.name) for layer in stored))


def open_layer(layer: Layer, *, plugin: str) -> dict[str, Any]:
    """One layer with its secrets in their places; raises SecretUnreadable."""
    return join_secrets(layer.settings, opened_secrets(layer, plugin=plugin))


def opened_secrets(layer: Layer, *, plugin: str) -> dict[str, Any]:
    """The layer's own secrets by JSON Pointer, unsealed; raises SecretUnreadable."""
    return {path: open_secret(layer, path, plugin=plugin) for path in layer.secrets}


def open_secret(layer: Layer, path: str, *, plugin: str) -> Any:
    """The layer's own secret at that JSON Pointer, unsealed; raises SecretUnreadable."""
    return secrets.unseal(layer.secrets[path]["sealed"], customer_id=owner_of(layer), plugin=plugin, path=path)


def has_secrets(plugin: str) -> bool:
    """Whether any layer of the plugin's settings, the platform's or a customer's, has a secret."""
    configs = CustomerPluginConfig.objects.filter(plugin__name=plugin)
    own = PluginConfig.objects.filter(name=plugin)
    return any(layers.exclude(secrets={}).exists() for layers in (own, configs))


def owner_of(layer: Layer) -> int | None:
    """The customer's id that the layer's secrets are sealed for; None for the global layer."""
    return layer.customer_id if isinstance(layer, CustomerPluginConfig) else None


class OpenedSettings(Mapping[str, Any]):
    """A read-only mapping whose `repr` has the names only, so that no log line or traceback contains a secret.

    Reading raises SecretUnreadable when a secret can't be decrypted: no setting is shown without its secret.
    """

    # Decrypted when first read: most hooks and pages need no secret, and one that can't be read would stop them all.
    def __init__(self, open_settings: Callable[[], dict[str, Any]]) -> None:
        self._open = open_settings

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {name: _conceal(value) for name, value in self._open().items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        opened = vars(self).get("_values")
        return f"<settings: {', '.join(opened)}>" if opened is not None else "<settings, not read yet>"


class ConcealedDict(dict[str, Any]):
    """An object within opened settings: a dict whose `repr` has the names only."""

    def __repr__(self) -> str:
        return f"<settings: {', '.join(self)}>"


def _conceal(value: Any) -> Any:
    if isinstance(value, dict):
        return ConcealedDict({name: _conceal(member) for name, member in value.items()})
    return value
