"""What a resolver is given: Strawberry's `info`, whose context is the plugin's own."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import strawberry
from django.core.exceptions import ValidationError

from webnet.api.strawberry_internals import definition_of, field_of, raw_info_of
from webnet.api.vocabulary.node import read_global_id
from webnet.errors import PluginDefinitionError
from webnet.plugins.registry import registry
from webnet.sdk.context import PluginContext
from webnet.sdk.errors import NotFound
from webnet.sdk.graphql.definition import find_row_type


class GraphQLContext(PluginContext):
    """The plugin's context in a resolver, which finds rows by their global ids too."""

    def find(self, kind: Any, id: str | None) -> Any:  # noqa: A002 - as in the schema
        """The row that the global id names among those of a type, such as `Device`; None where there is none here."""
        shown = find_row_type(kind)
        if shown is None:
            raise TypeError(f"'{kind.__name__}' shows no rows: give a class made with graphql.type(model).")
        named = read_global_id(id or "")
        if named is None or named[0] != shown.name:
            return None
        return find_row(shown.model, named[1], self.rows(shown.model))

    def get(self, kind: Any, id: str) -> Any:  # noqa: A002 - as in the schema
        """The same; raises NotFound, whether the row is missing or another customer's."""
        found = self.find(kind, id)
        if found is None:
            raise NotFound(f"There is no {definition_of(kind).name} with this id.", code="ROW_NOT_FOUND")
        return found


def find_row(model: Any, key: str, rows: Any) -> Any:
    """The row with that primary key; None for what can be no key as well."""
    try:
        return rows.filter(pk=model._meta.pk.to_python(key)).first()
    except (ValidationError, ValueError, OverflowError):
        return None


class Info(strawberry.Info[Any, None]):
    """Write `info: graphql.Info`; `info.context` is a `GraphQLContext`."""

    @cached_property
    def context(self) -> GraphQLContext:
        plugin = find_plugin_of(field_of(self))
        return GraphQLContext(plugin=plugin, reading=raw_info_of(self).context.reading)


def find_plugin_of(field: Any) -> str:
    """The plugin whose code the field is."""
    module = field.base_resolver.wrapped_func.__module__ if field.base_resolver else field.origin.__module__
    found = find_plugin_by_module(module)
    if found is None:
        raise PluginDefinitionError(f"'{module}' is in no plugin's package: move '{field.python_name}' into one.")
    return found


def find_plugin_by_module(module: str) -> str | None:
    """The plugin in whose package the module is."""
    entries = registry.entries()
    return next((each.name for each in entries if module == each.module or module.startswith(f"{each.module}.")), None)
