"""Declares inputs, enums and interfaces: Strawberry's own, with their docstrings as descriptions."""

from __future__ import annotations

from typing import Any, TypeVar

import strawberry

from webnet.sdk.graphql.definition import docstring_of

Kind = TypeVar("Kind", bound=type)


def input(cls: Kind) -> Kind:  # noqa: A001 - authors write `graphql.input`
    """Declare an input; a field with the default `graphql.UNSET` is optional."""
    made: Kind = strawberry.input(cls, description=docstring_of(cls))
    return made


def enum(cls: Any) -> Any:
    """Declare an enum, for example of Django's `TextChoices`."""
    return strawberry.enum(cls, description=docstring_of(cls))


def interface(cls: Kind) -> Kind:
    """Declare an interface, which types can extend."""
    made: Kind = strawberry.interface(cls, description=docstring_of(cls))
    return made
