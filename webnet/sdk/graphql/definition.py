"""What the SDK knows of a GraphQL type that shows a model's rows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from webnet.api.declarations.fields import ShownRows, find_shown_rows
from webnet.api.declarations.mistakes import mistake


@dataclass(frozen=True, kw_only=True)
class RowType(ShownRows):
    """A type declared with `graphql.type(model)`; webnet's own types are plain `ShownRows`, which are not scoped."""

    name: str
    model: type[Model]


# Parameters that Strawberry recognises by name.
UNTYPED = frozenset({"self", "cls", "root", "info"})


def find_row_type(kind: Any) -> RowType | None:
    """The row type inside a type that Strawberry has resolved; None for webnet's own types."""
    found = find_shown_rows(kind)
    return found if isinstance(found, RowType) else None


def refuse_untyped_arguments(resolver: Any) -> None:
    """Raise for an argument without a type; Strawberry's own error is a page long and lacks the plugin."""
    function = getattr(resolver, "__func__", resolver)
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.annotation is inspect.Parameter.empty and parameter.name not in UNTYPED:
            message = f"the argument '{parameter.name}' has no type: write '{parameter.name}: str', or another type"
            raise mistake(function, f"the field '{function.__name__}'", message)
