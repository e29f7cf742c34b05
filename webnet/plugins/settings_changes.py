"""Changes one layer of a plugin's settings by a merge patch; runs inside an `Operation`."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from webnet.customers import access
from webnet.customers.models import Customer
from webnet.errors import Conflict, InvalidSettings, SettingsIssue
from webnet.plugins import customer_changes, layers, operation, secrets
from webnet.plugins.activation import platform_state
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.operation import Operation
from webnet.plugins.settings_schema import SettingsSchema, merge_patch, split_secrets
from webnet.plugins.switching import find_plugin, require_runnable

Layer = PluginConfig | CustomerPluginConfig


def update_global(work: Operation, *, patch: Any, expected_revision: int | None) -> None:
    """Patch the layer that holds for everybody."""
    access.require_operator(work.actor)
    operation.lock_platform()
    platform = platform_state()
    row = find_plugin(platform.plugins, work.plugin_name)
    work.plugin_version = row.version or ""
    require_runnable(platform, row)
    _update(work, row, None, patch=patch, expected_revision=expected_revision)
    if work.changed:
        operation.renew_platform()


def update_customer(work: Operation, *, customer: str, patch: Any, expected_revision: int | None) -> None:
    """Patch one customer's own layer."""
    state = customer_changes.begin(work, customer)
    row = state.platform.plugins[work.plugin_name]
    require_runnable(state.platform, row)
    _update(work, row, state.config(row.name), patch=patch, expected_revision=expected_revision)
    if work.changed:
        operation.renew_customer(state.customer)


def _update(
    work: Operation,
    row: PluginConfig,
    config: CustomerPluginConfig | None,
    *,
    patch: Any,
    expected_revision: int | None,
) -> None:
    layer: Layer = row if config is None else config
    _require_revision(row.name, layer, expected_revision)
    schema = _require_schema(row.name, patch)
    if config is not None and (issues := schema.find_platform_only(patch)):
        raise _invalid(row.name, issues)
    before = _audit_view(layer)
    secrets_before = dict(layer.secrets)
    _apply(schema, layer, patch, plugin=row.name, customer=config.customer if config else None)
    if before["settings"] == layer.settings and secrets_before == layer.secrets:
        return
    issues = schema.validate(layers.opened(row, config))
    if issues:
        raise _invalid(row.name, issues)
    layer.settings_revision += 1
    layer.save()
    work.changed, work.before, work.after = True, before, _audit_view(layer)
    work.after["secretsChanged"] = _changed(secrets_before, layer.secrets)


def _apply(schema: SettingsSchema, layer: Layer, patch: Any, *, plugin: str, customer: Customer | None) -> None:
    plain, secret_values = split_secrets(schema, patch)
    layer.settings = merge_patch(layer.settings, plain)
    stored = dict(layer.secrets)
    customer_id = customer.pk if customer else None
    known = layers.opened_secrets(layer, plugin=plugin)
    for path, value in secret_values.items():
        if value is None:
            for gone in [key for key in stored if key == path or key.startswith(f"{path}/")]:
                del stored[gone]
        elif path not in known or known[path] != value:
            sealed = secrets.seal(value, customer_id=customer_id, plugin=plugin, path=path)
            stored[path] = {"sealed": sealed, "updated_at": timezone.now().isoformat()}
    layer.secrets = stored


def _require_revision(plugin: str, layer: Layer, expected: int | None) -> None:
    current = layer.settings_revision
    if expected is not None and expected != current:
        message = f"The settings of '{plugin}' are at revision {current}, not {expected}; read them again."
        raise Conflict(message, current_revision=current)


def _require_schema(plugin: str, patch: Any) -> SettingsSchema:
    schema = layers.schema_of(plugin)
    if schema is None:
        raise _invalid(plugin, (SettingsIssue(path="", message="The plugin declares no settings."),))
    if not isinstance(patch, dict):
        raise _invalid(plugin, (SettingsIssue(path="", message="A patch of settings must be a JSON object."),))
    return schema


def _invalid(plugin: str, issues: tuple[SettingsIssue, ...]) -> InvalidSettings:
    count = "one value" if len(issues) == 1 else f"{len(issues)} values"
    return InvalidSettings(f"The settings of '{plugin}' were not changed: {count} can't be taken.", issues=issues)


def _audit_view(layer: Layer) -> dict[str, Any]:
    return {"revision": layer.settings_revision, "settings": layer.settings, "secretsSet": sorted(layer.secrets)}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
