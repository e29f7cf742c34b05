"""The layers of a plugin's settings as they are stored: merged, opened, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webnet.plugins import secrets
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.settings_schema import SettingsSchema, merge_layers, pointer_set, sources


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


def opened(row: PluginConfig, config: CustomerPluginConfig | None = None) -> dict[str, Any]:
    """The merged settings with the secrets unsealed, for the plugin itself. Never log or return them."""
    merged = effective_settings(row, config)
    for layer in (row, config):
        if layer is not None:
            for path, value in opened_secrets(layer, plugin=row.name).items():
                pointer_set(merged, path, value)
    return merged


def opened_secrets(layer: PluginConfig | CustomerPluginConfig, *, plugin: str) -> Mapping[str, Any]:
    """The layer's secrets by JSON Pointer, unsealed."""
    customer_id = layer.customer_id if isinstance(layer, CustomerPluginConfig) else None
    return {
        path: secrets.unseal(secret["sealed"], customer_id=customer_id, plugin=plugin, path=path)
        for path, secret in layer.secrets.items()
    }
