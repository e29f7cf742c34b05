"""Declares a plugin's fields; each asks for its `permission` first, where it has one."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from strawberry_django.fields.filter_order import SKIP_FILTER_META

from webnet.sdk.graphql.connections import COUNTED, RELATION, CountField, PluginConnectionField
from webnet.sdk.graphql.fields import NodeField, PluginField, metadata_of
from webnet.sdk.graphql.subscriptions import SubscriptionField


def field(
    resolver: Callable[..., Any] | None = None, *, permission: str | None = None, description: str | None = None
) -> Any:
    """A field: of a resolver, which may return a queryset; of a column; or, at the root, of all rows of its type."""
    return _declare(PluginField, resolver, permission, description)


def connection(
    resolver: Callable[..., Any] | None = None,
    *,
    permission: str | None = None,
    description: str | None = None,
    relation: str | None = None,
) -> Any:
    """A field with pages of rows, of the type `graphql.Connection[Device]`.

    Its rows are those of the relation with its name, or `relation`; at the root, all that may be seen; or those of
    the queryset that its resolver returns.
    """
    return _declare(
        PluginConnectionField, resolver, permission, description, more={RELATION: relation, SKIP_FILTER_META: True}
    )


def count(
    model: builtins.type[Model], *, permission: str | None = None, description: str | None = None, relation: str = ""
) -> Any:
    """How many rows of the model a row has, or a customer: `device_count: int = graphql.count(models.Device)`.

    They are those whose one foreign key leads to the row, or those of the `relation`.
    """
    more = {COUNTED: model, RELATION: relation, SKIP_FILTER_META: True}
    return _declare(CountField, None, permission, description, more=more)


def node(*, permission: str | None = None, description: str | None = None) -> Any:
    """A root field that finds one row by its global id: `device: Device | None = graphql.node()`."""
    return _declare(NodeField, None, permission, description, more={SKIP_FILTER_META: True})


def subscription(
    resolver: Callable[..., Any] | None = None, *, permission: str | None = None, description: str | None = None
) -> Any:
    """A field of the subscriptions, whose resolver is an async generator."""
    return _declare(SubscriptionField, resolver, permission, description, is_subscription=True)


def _declare(
    kind: Any,
    resolver: Callable[..., Any] | None,
    permission: str | None,
    description: str | None,
    *,
    more: Mapping[Any, Any] | None = None,
    is_subscription: bool = False,
) -> Any:
    metadata = {**metadata_of(permission), **(more or {})}
    made = kind(metadata=metadata, description=description, is_subscription=is_subscription)
    return made if resolver is None else made(resolver)
