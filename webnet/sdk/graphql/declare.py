"""Declares the fields of plugins; each checks its `permission` first, if it has one."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from strawberry_django.fields.filter_order import SKIP_FILTER_META

from webnet.api.declarations.sizes import cost_of
from webnet.api.declarations.state_reads import reads_state
from webnet.sdk.graphql.connections import COUNTED, RELATION, CountField, PluginConnectionField
from webnet.sdk.graphql.fields import NodeField, PluginField, SubscriptionField, metadata_of


def field(
    resolver: Callable[..., Any] | None = None,
    *,
    permission: str | None = None,
    description: str | None = None,
    cost: int | None = None,
    deprecation_reason: str | None = None,
    maximum: int | None = None,
    from_plugin_state: bool = False,
) -> Any:
    """Declare a field: with a resolver, which may return a queryset; of a column; or, at the root, of all rows.

    `cost` is its points for each time that it is read, here and below without those of what is selected of its value.
    A list has at most `maximum` items, of rows 100 anyway: a longer one is cut, so that a document's cost is known.
    `from_plugin_state` promises that its value, and all below it, depends on nothing but the plugins' state and
    settings, the viewer's role, the language and the arguments: its answers are kept until one of these changes.
    """
    more = {**cost_of(maximum=maximum), **(reads_state() if from_plugin_state else {})}
    return _declare(PluginField, resolver, permission, description, cost, deprecation_reason, more=more)


def connection(
    resolver: Callable[..., Any] | None = None,
    *,
    permission: str | None = None,
    description: str | None = None,
    relation: str | None = None,
    cost: int | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a field with pages of rows, of the type `graphql.Connection[Device]`.

    Its rows are those of the queryset that its resolver returns; without a resolver, those of the relation with the
    field's name, or `relation`; and at the root, all rows that may be seen.
    """
    return _declare(
        PluginConnectionField,
        resolver,
        permission,
        description,
        cost,
        deprecation_reason,
        more={RELATION: relation, SKIP_FILTER_META: True},
    )


def count(
    model: builtins.type[Model],
    *,
    permission: str | None = None,
    description: str | None = None,
    relation: str = "",
    cost: int | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare the number of rows that refer to a row or customer: `device_count: int = graphql.count(models.Device)`.

    The model must have exactly one foreign key to the row's model; otherwise name the `relation`.
    """
    more = {COUNTED: model, RELATION: relation, SKIP_FILTER_META: True}
    return _declare(CountField, None, permission, description, cost, deprecation_reason, more=more)


def node(
    *,
    permission: str | None = None,
    description: str | None = None,
    cost: int | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a root field that finds a row by its global id: `device: Device | None = graphql.node()`."""
    more = {SKIP_FILTER_META: True}
    return _declare(NodeField, None, permission, description, cost, deprecation_reason, more=more)


def subscription(
    resolver: Callable[..., Any] | None = None,
    *,
    permission: str | None = None,
    description: str | None = None,
    cost: int | None = None,
    deprecation_reason: str | None = None,
) -> Any:
    """Declare a subscription, whose resolver is an async generator; `cost` is counted once, when it is opened."""
    return _declare(
        SubscriptionField, resolver, permission, description, cost, deprecation_reason, is_subscription=True
    )


def _declare(
    kind: Any,
    resolver: Callable[..., Any] | None,
    permission: str | None,
    description: str | None,
    cost: int | None,
    deprecation_reason: str | None,
    *,
    more: Mapping[Any, Any] | None = None,
    is_subscription: bool = False,
) -> Any:
    metadata = {**metadata_of(permission, cost), **(more or {})}
    made = kind(
        metadata=metadata,
        description=description,
        deprecation_reason=deprecation_reason,
        is_subscription=is_subscription,
    )
    return made if resolver is None else made(resolver)
