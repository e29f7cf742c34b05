"""What mutations of plugins have in common: reads what a change has touched again, for its payload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from webnet.api.declarations.refusals import INPUT, to_graphql
from webnet.api.declarations.sizes import MAXIMUM_VALUES
from webnet.api.errors import BadValue
from webnet.api.request.context import Info
from webnet.api.resolvers import listings
from webnet.errors import NotFound
from webnet.plugins.changes.batches import BatchOutcome
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.lifecycle.sync import SyncReport
from webnet.plugins.models import CustomerPluginConfig, PluginConfig


def read_only(names: Sequence[str] | None) -> Sequence[str] | None:
    """The names of `onlyPlugins`; raises BadValue for too many."""
    if names is not None and len(names) > MAXIMUM_VALUES:
        raise BadValue(f"'input.onlyPlugins' has {len(names):,} items: give at most {MAXIMUM_VALUES:,}.")
    return names


def plugins(info: Info, change: PluginChange) -> tuple[PluginConfig, list[PluginConfig]]:
    """The plugin as it is now, and those that were changed with it."""
    info.context.forget(change.state, customer=change.customer)
    plugin, *also = _rows(info, [change.plugin, *change.also])
    return plugin, also


def synced(info: Info, report: SyncReport) -> tuple[list[PluginConfig], ...]:
    """The plugins that a sync has added, updated, found missing and found failing."""
    info.context.forget()
    return tuple(_rows(info, names) for names in (report.added, report.updated, report.missing, report.failed))


def configs(info: Info, change: PluginChange) -> tuple[CustomerPluginConfig, list[CustomerPluginConfig]]:
    """The customer's config as it is now, and those that were changed with it."""
    info.context.forget(change.state, customer=change.customer)
    slug = _slug(change)
    return config(info, slug, change.plugin), [config(info, slug, name) for name in change.also]


def find_config(info: Info, change: PluginChange) -> CustomerPluginConfig | None:
    """The customer's config as it is now; None if the change was for everybody."""
    return config(info, _slug(change), change.plugin) if change.customer is not None else None


def outcomes(info: Info, plugin: str, found: Iterable[BatchOutcome]) -> list[dict[str, Any]]:
    """The outcome for one customer, as the arguments of the schema's type."""
    info.context.forget()
    changed = [outcome.change.customer for outcome in found if outcome.change is not None]
    info.context.reading.announce_slugs([customer.slug for customer in changed if customer is not None])
    return [
        {
            "plugin": plugin,
            "customer_slug": outcome.customer_slug,
            "changed": outcome.change is not None and outcome.change.changed,
            "refusal": to_graphql(outcome.refusal, argument=INPUT) if outcome.refusal is not None else None,
        }
        for outcome in found
    ]


def config(info: Info, slug: str, plugin: str) -> CustomerPluginConfig:
    """The config of a pair as the viewer sees it now."""
    found = find_config_now(info, slug, plugin)
    if found is None:  # it was taken from the viewer right after the change
        raise NotFound.plugin(plugin)
    return found


def find_config_now(info: Info, slug: str, plugin: str) -> CustomerPluginConfig | None:
    """The same; None if the viewer sees it no longer."""
    return listings.find_config(info.context.reading, slug, plugin)


def _rows(info: Info, names: Sequence[str]) -> list[PluginConfig]:
    known = info.context.reading.platform.plugins
    return [known[name] for name in names if name in known]


def _slug(change: PluginChange) -> str:
    return change.customer.slug if change.customer is not None else ""
