"""The `info` argument of resolvers: Strawberry's, with the plugin's own context."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import strawberry

from webnet.api.strawberry_internals import definition_of, field_of, raw_info_of
from webnet.api.vocabulary.node import read_global_id, read_key
from webnet.errors import PluginDefinitionError
from webnet.plugins.registry import registry
from webnet.sdk.context import PluginContext
from webnet.sdk.errors import NotFound
from webnet.sdk.graphql.definition import find_row_type
from webnet.sentences import sentence


class GraphQLContext(PluginContext):
    """The plugin's context in a resolver, which also finds rows by their global ids."""

    def find(self, kind: Any, id: str | None) -> Any:  # noqa: A002 - the name in the schema
        """The row of a type, such as `Device`, with this global id; None if there is none that may be seen."""
        shown = find_row_type(kind)
        if shown is None:
            raise TypeError(f"'{kind.__name__}' has no rows: pass a class declared with graphql.type(model).")
        named = read_global_id(id or "")
        if named is None or named[0] != shown.name:
            return None
        return find_rows(shown.model, [named[1]], self.rows(shown.model)).get(named[1])

    def get(self, kind: Any, id: str) -> Any:  # noqa: A002 - the name in the schema
        """The same, but raises NotFound, whether the row does not exist or belongs to another customer."""
        found = self.find(kind, id)
        if found is None:
            message = sentence("There is no {type} with this id.", type=definition_of(kind).name)
            raise NotFound(message, code="ROW_NOT_FOUND")
        return found


def find_rows(model: Any, keys: Sequence[str], rows: Any) -> dict[str, Any]:
    """The rows with these primary keys; a text that can't be a key has none."""
    read = {value: key for key in keys if (value := read_key(model._meta.pk, key)) is not None}
    if not read:
        return {}
    # One of them by equality: `IN` with one value is not planned the same by all databases.
    found = rows.filter(pk__in=read) if len(read) > 1 else rows.filter(pk=next(iter(read)))[:1]
    return {read[row.pk]: row for row in found if row.pk in read}


class Info(strawberry.Info[Any, None]):
    """The type of `info` in resolvers; `info.context` is a `GraphQLContext`."""

    @cached_property
    def context(self) -> GraphQLContext:
        plugin = find_plugin_of(field_of(self))
        return GraphQLContext(plugin=plugin, reading=raw_info_of(self).context.reading)


def find_plugin_of(field: Any) -> str:
    """The plugin that the field's code belongs to."""
    module = field.base_resolver.wrapped_func.__module__ if field.base_resolver else field.origin.__module__
    found = find_plugin_by_module(module)
    if found is None:
        raise PluginDefinitionError(
            f"'{module}' is not in the package of a plugin: move '{field.python_name}' into one."
        )
    return found


def find_plugin_by_module(module: str) -> str | None:
    """The plugin whose package contains the module; None if there is none."""
    entries = registry.entries()
    return next((each.name for each in entries if module == each.module or module.startswith(f"{each.module}.")), None)
