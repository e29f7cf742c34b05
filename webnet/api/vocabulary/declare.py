"""Decorators for fields with a resolver; Strawberry's own are not typed precisely enough for mypy's strict mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import strawberry

Resolver: TypeAlias = "Callable[..., Any] | staticmethod[..., Any]"
Declare: TypeAlias = Callable[[Resolver], Any]


def field(
    *, description: str | None = None, graphql_type: Any = None, metadata: Mapping[Any, Any] | None = None
) -> Declare:
    """A field; `graphql_type` is its type if the resolver returns a row instead of an instance of it."""
    declare: Declare = strawberry.field(description=description, graphql_type=graphql_type, metadata=metadata)
    return declare


def mutation(*, description: str | None = None, metadata: Mapping[Any, Any] | None = None) -> Declare:
    """A field of the root type for mutations."""
    declare: Declare = strawberry.mutation(description=description, metadata=metadata)
    return declare


def subscription(*, description: str | None = None, graphql_type: Any = None) -> Declare:
    """A field of the root type for subscriptions; `graphql_type` as for `field`."""
    declare: Declare = strawberry.subscription(description=description, graphql_type=graphql_type)
    return declare
