"""What the SDK knows of a GraphQL type that shows a model's rows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from webnet.api.declarations.fields import ShownRows, find_shown_rows, mistake


@dataclass(frozen=True, kw_only=True)
class RowType(ShownRows):
    """What was declared with `graphql.type(model)`; the host's own types are none of these, whose rows have a scope."""

    name: str
    model: type[Model]


# Parameters of resolvers that Strawberry knows by their names.
UNTYPED = frozenset({"self", "cls", "root", "info"})


def find_row_type(kind: Any) -> RowType | None:
    """The row type behind a type as Strawberry resolved it; None for the host's types."""
    found = find_shown_rows(kind)
    return found if isinstance(found, RowType) else None


def refuse_untyped_arguments(resolver: Any) -> None:
    """Raise for an argument without a type, which Strawberry would tell in a page of its own."""
    function = getattr(resolver, "__func__", resolver)
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.annotation is inspect.Parameter.empty and parameter.name not in UNTYPED:
            words = f"the argument '{parameter.name}' has no type: write '{parameter.name}: str', or what it is"
            raise mistake(function.__module__, f"the field '{function.__name__}'", words)
