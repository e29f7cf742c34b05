"""The ways to change one layer of settings, in memory: a merge patch, or restoring a revision, 0 for no settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from django.utils import timezone

from webnet.errors import InvalidSettings, PluginDefinitionError, SecretUnreadable, SettingsIssue
from webnet.plugins.base import PluginBase, call_hook, overrides
from webnet.plugins.models import CustomerPluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.runtime.change_calls import calling_in_change, refuse
from webnet.plugins.schema.merge_patch import refuse_depth
from webnet.plugins.schema.settings_schema import (
    SettingsSchema,
    change_secrets,
    find_excess,
    find_unstorable,
    merge_patch,
    split_secrets,
)
from webnet.plugins.settings import history as settings_history
from webnet.plugins.settings import layers, secrets
from webnet.plugins.settings.layers import Layer
from webnet.plugins.settings.validity import Issues
from webnet.sentences import sentence
from webnet.values.json_text import is_same_json, write_json
from webnet.values.platform_language import read_for_all

# It returns what is wrong with the change itself, for which it has to be refused together with what else is wrong.
Edit: TypeAlias = Callable[[Layer], Issues]


def patch_with(plugin: str, patch: Any) -> Edit:
    """Apply a JSON Merge Patch (RFC 7396); secrets are sealed, and kept where the patch does not name them."""

    def edit(layer: Layer) -> Issues:
        schema = _require_schema(plugin)
        if not isinstance(patch, dict):
            raise invalid(
                plugin, (SettingsIssue(path="", message=sentence("A patch of settings must be a JSON object.")),)
            )
        refuse_depth(patch)
        _refuse_excess(plugin, patch)
        beyond = schema.find_platform_only(patch) if isinstance(layer, CustomerPluginConfig) else ()
        if issues := tuple(find_unstorable(patch)):
            raise invalid(plugin, (*issues, *beyond))
        plain, secret_values = split_secrets(schema, patch)
        layer.settings = merge_patch(layer.settings, plain)
        _refuse_excess(plugin, layer.settings)
        layer.secrets = _change_secrets(layer, secret_values, plugin=plugin)
        return beyond

    return edit


def revert_to(plugin: str, revision: int) -> Edit:
    """Restore the plain values of a revision and keep the secrets; revision 0 unsets everything, secrets included.

    Values that an older version of the plugin had are migrated first. Raises HookFailed if that fails.
    """

    def edit(layer: Layer) -> Issues:
        if revision == 0:
            layer.settings, layer.secrets = {}, {}
            return ()
        schema = _require_schema(plugin)
        settings, version = settings_history.settings_at(plugin, layers.owner_of(layer), revision)
        settings = _migrate_to_now(plugin, version, settings)
        beyond = schema.find_platform_only(settings) if isinstance(layer, CustomerPluginConfig) else ()
        # A value that the current schema declares a secret must not be restored as a plain value.
        layer.settings, secret_values = split_secrets(schema, settings)
        gone = {path: None for path, value in secret_values.items() if not schema.is_secret(path)}
        layer.secrets = change_secrets(layer.secrets, gone)
        return beyond

    return edit


def call_migrate_settings(plugin: PluginBase, from_version: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings as the plugin's version of now has them; raises PluginDefinitionError unless they are an object.

    Raises whatever the hook raises, and TypeError or ValueError if it returns what is not JSON.
    """
    migrated: Any = settings
    if overrides(plugin, "migrate_settings"):
        with calling_in_change(plugin.name, "migrate_settings"):
            migrated = call_hook(plugin, "migrate_settings", from_version, settings)
    if not isinstance(migrated, Mapping):
        raise PluginDefinitionError(
            f"'{plugin.name}': migrate_settings() must return the settings, not {type(migrated).__name__}."
        )
    # Plain JSON from here on, whatever kinds of lists, dicts and numbers the plugin used.
    plain: dict[str, Any] = json.loads(write_json(read_for_all(dict(migrated))))
    return plain


def invalid(plugin: str, issues: Issues) -> InvalidSettings:
    """The refusal of settings that are not valid."""
    if len(issues) == 1:
        message = sentence("The settings of '{plugin}' were not changed: one value is not valid.", plugin=plugin)
    else:
        message = sentence(
            "The settings of '{plugin}' were not changed: {count} values are not valid.",
            plugin=plugin,
            count=len(issues),
        )
    return InvalidSettings(message, issues=issues)


def _refuse_excess(plugin: str, document: Any) -> None:
    if excess := find_excess(document):
        raise invalid(plugin, (excess,))


def _require_schema(plugin: str) -> SettingsSchema:
    schema = layers.schema_of(plugin)
    if schema is None:
        raise invalid(plugin, (SettingsIssue(path="", message=sentence("The plugin declares no settings.")),))
    return schema


def _migrate_to_now(plugin: str, version: str, settings: dict[str, Any]) -> dict[str, Any]:
    entry = registry.find(plugin)
    if entry is None or entry.plugin is None or entry.manifest is None or version == entry.manifest.version:
        return settings
    hook = f"migrate_settings('{version}')"
    try:
        return call_migrate_settings(entry.plugin, version, settings)
    except Exception as error:
        raise refuse(
            plugin, hook, error, what=sentence("The settings of '{plugin}' were not changed", plugin=plugin)
        ) from error


def _change_secrets(layer: Layer, values: Mapping[str, Any], *, plugin: str) -> dict[str, Any]:
    """The layer's sealed secrets after the changes by pointer; one that stays the same is not sealed again."""
    changes: dict[str, Any] = {}
    for path, value in values.items():
        before = None
        if path in layer.secrets:
            # One that can't be decrypted is replaced: the way out when its key is lost.
            with suppress(SecretUnreadable):
                before = layers.open_secret(layer, path, plugin=plugin)
        after = merge_patch(before, value)
        if value is None or path not in layer.secrets or not is_same_json(before, after):
            changes[path] = None if value is None else seal(layer, path, after, plugin=plugin)
    return change_secrets(layer.secrets, changes)


def seal(layer: Layer, path: str, value: Any, *, plugin: str) -> dict[str, str]:
    """The value as it is stored among the layer's secrets."""
    sealed = secrets.seal(value, customer_id=layers.owner_of(layer), plugin=plugin, path=path)
    return {"sealed": sealed, "updated_at": timezone.now().isoformat()}
