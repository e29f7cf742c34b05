"""The layers of a plugin's settings as they are stored: merged, opened, and where each value comes from."""

from __future__ import annotations

from typing import Any, TypeAlias

from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.schema.settings_schema import SettingsSchema, join_secrets, merge_layers, sources
from webnet.plugins.settings import secrets
from webnet.plugins.settings.opened import OpenedSettings

Layer: TypeAlias = PluginConfig | CustomerPluginConfig


def schema_of(plugin: str) -> SettingsSchema | None:
    """The plugin's settings schema; None where it declares none, or is not loaded here."""
    entry = registry.find(plugin)
    return entry.manifest.settings_schema if entry is not None and entry.manifest is not None else None


def defaults_of(plugin: str) -> dict[str, Any]:
    """The schema's defaults; empty where there is no schema."""
    schema = schema_of(plugin)
    return schema.defaults() if schema is not None else {}


def effective_settings(row: PluginConfig, config: CustomerPluginConfig | None = None) -> dict[str, Any]:
    """Defaults ← global ← customer, without secrets."""
    return merge_layers(defaults_of(row.name), row.settings, config.settings if config else {})


def settings_sources(row: PluginConfig, config: CustomerPluginConfig | None = None) -> tuple[tuple[str, str], ...]:
    """(JSON Pointer, "schema_default" | "global" | "customer") for each value of the merged settings."""
    return sources(defaults_of(row.name), row.settings, config.settings if config else {})


def opened(row: PluginConfig, config: CustomerPluginConfig | None = None) -> OpenedSettings:
    """The merged settings with the secrets unsealed when first read, for the plugin itself."""
    return OpenedSettings(lambda: open_merged(row, config))


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


def owner_of(layer: Layer) -> int | None:
    """The customer's id that the layer's secrets are sealed for; None for the global layer."""
    return layer.customer_id if isinstance(layer, CustomerPluginConfig) else None
