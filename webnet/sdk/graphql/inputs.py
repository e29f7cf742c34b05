"""Inputs, enums and interfaces: Strawberry's own, described by their docstrings."""

from __future__ import annotations

from typing import Any, TypeVar

import strawberry

from webnet.sdk.graphql.definition import docstring_of

Kind = TypeVar("Kind", bound=type)


def input(cls: Kind) -> Kind:  # noqa: A001 - authors write `graphql.input`
    """An input; a field with the default `graphql.UNSET` may be left out."""
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    return made


def enum(cls: Any) -> Any:
    """An enum; Django's `TextChoices` will do."""
    return strawberry.enum(cls, description=docstring_of(cls))


def interface(cls: Kind) -> Kind:
    """An interface, for types to extend."""
    made: Kind = strawberry.interface(cls, description=docstring_of(cls))
    return made
