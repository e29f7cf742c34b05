"""Finds out for whom a plugin's merged settings can't be used, and keeps that beside the layers, for the gate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeAlias

from webnet.errors import SettingsIssue, WebnetError
from webnet.plugins.models import OVERRIDES, CustomerPluginConfig, PluginConfig
from webnet.plugins.schema.settings_schema import SettingsSchema, merge_patch
from webnet.plugins.settings import layers, secrets

BATCH_SIZE = 500
TOLD_ISSUES = 3
PLATFORMS_FAULT = "what only the platform can set does not fit"

Issues: TypeAlias = tuple[SettingsIssue, ...]


def find_issues(row: PluginConfig, config: CustomerPluginConfig | None = None) -> Issues:
    """What is wrong with the merged settings, for everybody or for one customer; empty while they can be used."""
    schema = layers.schema_of(row.name)
    return _attempt(lambda: schema.validate(layers.open_merged(row, config))) if schema is not None else ()


def find_customer_issues(row: PluginConfig, configs: Iterable[CustomerPluginConfig]) -> Iterator[tuple[int, Issues]]:
    """The same for many customers' layers, by their primary keys; the layers below are opened once for all."""
    schema = layers.schema_of(row.name)
    if schema is None:
        return
    try:
        below = layers.open_merged(row)
    except WebnetError as error:
        yield from ((config.pk, (_as_issue(error),)) for config in configs)
        return
    for config in configs:
        yield config.pk, _attempt(partial(_validate_over, schema, below, config, plugin=row.name))


def overriding(row: PluginConfig) -> Any:
    """The customers' layers of the plugin that set anything: all others have the global settings as they are."""
    return CustomerPluginConfig.objects.filter(OVERRIDES, plugin=row.pk)


def tell_fault(schema: SettingsSchema | None, issues: Issues) -> str:
    """The issues as the end of a sentence, for `settings_fault`; customers read it, so the platform's are not named."""
    if not issues:
        return ""
    told = [issue for issue in issues if schema is None or not schema.platform_only(issue.path)]
    if not told:
        return f"do not fit its schema: {PLATFORMS_FAULT}."
    words = "; ".join(f"{issue.path or 'the whole'} {issue.message}" for issue in told[:TOLD_ISSUES])
    more = f", and {len(told) - TOLD_ISSUES} more" if len(told) > TOLD_ISSUES else ""
    return f"do not fit its schema: {words}{more}."


def store_customer_faults(faults: dict[int, str]) -> None:
    """Keep the faults of customers' layers, by primary key."""
    changed = [CustomerPluginConfig(pk=pk, settings_fault=fault) for pk, fault in faults.items()]
    CustomerPluginConfig.objects.bulk_update(changed, ["settings_fault"], batch_size=BATCH_SIZE)


def check_all(row: PluginConfig) -> bool:
    """Check every layer of the plugin anew when its version, its schema or the keys are others than at the last check.

    The global fault is set on the row, which the caller saves; returns whether anything was checked.
    """
    schema = layers.schema_of(row.name)
    checked = _fingerprint(row, schema)
    if checked == row.settings_checked:
        return False
    row.settings_fault, row.settings_checked = tell_fault(schema, find_issues(row)), checked
    if row.pk is not None:
        configs = overriding(row).iterator(chunk_size=BATCH_SIZE)
        found = {pk: tell_fault(schema, issues) for pk, issues in find_customer_issues(row, configs)}
        stored = dict(overriding(row).values_list("pk", "settings_fault"))
        store_customer_faults({pk: fault for pk, fault in found.items() if stored[pk] != fault})
    return True


def _validate_over(
    schema: SettingsSchema, below: dict[str, Any], config: CustomerPluginConfig, *, plugin: str
) -> Issues:
    return schema.validate(merge_patch(below, layers.open_layer(config, plugin=plugin)))


def _attempt(validate: Callable[[], Issues]) -> Issues:
    try:
        return validate()
    except WebnetError as error:
        return (_as_issue(error),)


def _as_issue(error: WebnetError) -> SettingsIssue:
    """What does not open can't be judged, and never counts as an empty value."""
    return SettingsIssue(path=getattr(error, "path", ""), message=f"can't be read. {error.message.rstrip('.')}")


def _fingerprint(row: PluginConfig, schema: SettingsSchema | None) -> str:
    text = json.dumps(schema.schema, sort_keys=True) if schema is not None else ""
    return hashlib.sha256(f"{secrets.key_fingerprint()} {row.version} {text}".encode()).hexdigest()
