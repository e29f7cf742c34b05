"""What the SDK knows of a GraphQL type that shows a model's rows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from strawberry.types.base import StrawberryContainer

from webnet.errors import PluginDefinitionError
from webnet.sdk.graphql.orders import RowOrder


@dataclass(frozen=True, kw_only=True)
class RowType:
    """A type declared with `graphql.type(model)`, and how its connections are filtered and ordered."""

    name: str
    model: type[Model]
    filter: type | None
    order: RowOrder


ATTRIBUTE = "__webnet_row_type__"
# Parameters that Strawberry recognises by name.
UNTYPED = frozenset({"self", "cls", "root", "info"})


def find_row_type(kind: Any) -> RowType | None:
    """The row type inside a type that Strawberry has resolved, which may be a list or optional."""
    while isinstance(kind, StrawberryContainer):
        kind = kind.of_type
    if hasattr(kind, "resolve_type"):  # a lazy reference to a type of another module
        kind = kind.resolve_type()
    found: RowType | None = getattr(kind, "__dict__", {}).get(ATTRIBUTE)
    return found


def mistake(module: str, place: str, message: str) -> PluginDefinitionError:
    """An error for the plugin's author: where the mistake is, what is wrong and what to write instead."""
    return PluginDefinitionError(f"In '{module}', {place}: {message}.")


def docstring_of(described: Any) -> str | None:
    """The docstring of a class or function on one line, which becomes its description in the schema."""
    # A class without a docstring inherits that of its base class, which describes something else.
    docstring = described.__doc__ if not isinstance(described, type) else described.__dict__.get("__doc__")
    return " ".join(docstring.split()) if docstring else None


def refuse_untyped_arguments(resolver: Any) -> None:
    """Raise for an argument without a type; Strawberry's own error is a page long and lacks the plugin."""
    function = getattr(resolver, "__func__", resolver)
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.annotation is inspect.Parameter.empty and parameter.name not in UNTYPED:
            message = f"the argument '{parameter.name}' has no type: write '{parameter.name}: str', or another type"
            raise mistake(function.__module__, f"the field '{function.__name__}'", message)
