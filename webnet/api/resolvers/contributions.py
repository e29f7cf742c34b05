"""The names of all that a plugin adds while it is effective, from its manifest and from the full schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps

from webnet.api.engine.current import current_schema
from webnet.api.engine.ownership import Ownership
from webnet.api.request.reader import Reading
from webnet.api.resolvers.navigation_and_widgets import find_address, show_item
from webnet.api.values.contributions import ExternalHost, PluginContributions, PluginPermission, PluginTable
from webnet.customers.models import Role
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import Entry, registry
from webnet.plugins.tenancy import CustomerOwnedModel

ROOTS = ("Query", "Mutation", "Subscription")


def find_contributions(reading: Reading, plugin: PluginConfig) -> PluginContributions | None:
    """What the plugin adds, even while it is not effective; None for the role VIEWER, and if it is not loaded here."""
    entry = registry.find(plugin.name)
    if entry is None or entry.status != "loaded" or entry.manifest is None or not reading.operates_in_view:
        return None
    owners, manifest = current_schema().owners, entry.manifest
    queries, mutations, subscriptions = (_fields(owners, plugin.name, root) for root in ROOTS)
    items = sorted(manifest.navigation_items, key=lambda item: (item.order, item.label))
    return PluginContributions(
        models=_models(entry),
        tables=_tables(entry),
        types=sorted(kind for kind, owner in owners.types.items() if owner == plugin.name),
        fields=sorted(f"{kind}.{field}" for kind, field in _added_fields(owners, plugin.name)),
        extended_types=sorted(_extended(owners, plugin.name)),
        queries=queries,
        mutations=mutations,
        subscriptions=subscriptions,
        pages=[view.name for view in manifest.ui_views],
        navigation_items=[
            show_item(
                item,
                plugin,
                manifest,
                customer=reading.view,
                url=find_address(item, plugin.name, reading.view) or item.url,
            )
            for item in items
        ],
        dashboard_widgets=[widget.name for widget in manifest.dashboard_widgets],
        permissions=[
            PluginPermission(
                codename=f"{plugin.name}.{permission.name}",
                description=permission.description,
                minimum_role=Role(permission.minimum_role),
            )
            for permission in manifest.permissions
        ],
        external_hosts=[ExternalHost(name=host.name, description=host.description) for host in manifest.external_hosts],
    )


def models_of(entry: Entry) -> tuple[Any, ...]:
    """The models that the plugin's manifest names, or else those of its app."""
    named = entry.manifest.models if entry.manifest is not None else None
    return tuple(named if named is not None else _app_models(entry.module))


def _models(entry: Entry) -> list[str]:
    """As `app_label.Model`."""
    return sorted(str(model._meta.label) for model in models_of(entry))


def _tables(entry: Entry) -> list[PluginTable]:
    """Those of the models, and those that connect rows of two models and have no model in the plugin's code."""
    found = dict.fromkeys(models_of(entry))
    for model in tuple(found):
        found |= dict.fromkeys(field.remote_field.through for field in model._meta.local_many_to_many)
    tables = {
        model._meta.db_table: PluginTable(
            name=model._meta.db_table,
            model=str(model._meta.label),
            is_customer_owned=issubclass(model, CustomerOwnedModel),
        )
        for model in found
        if not model._meta.proxy and (model in models_of(entry) or model._meta.auto_created)
    }
    return [tables[name] for name in sorted(tables)]


def _app_models(module: str) -> Iterable[type]:
    return (model for config in apps.get_app_configs() if config.name == module for model in config.get_models())


def _fields(owners: Ownership, plugin: str, root: str) -> list[str]:
    return sorted(field for (kind, field), owner in owners.fields.items() if owner == plugin and kind == root)


def _extended(owners: Ownership, plugin: str) -> set[str]:
    """Types of the host, or of plugins it needs, that the plugin adds fields to."""
    return {kind for kind, _ in _added_fields(owners, plugin) if kind not in ROOTS}


def _added_fields(owners: Ownership, plugin: str) -> list[tuple[str, str]]:
    """The fields that it adds to types of others, with the types."""
    added = [place for place, owner in owners.fields.items() if owner == plugin]
    return [(kind, field) for kind, field in added if owners.types.get(kind) != plugin]
