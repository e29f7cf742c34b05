"""Finds fields that ask for a permission which their plugin does not declare: everybody would be refused, always."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import GraphQLSchema

from webnet.api.engine.contributions import Contribution
from webnet.api.engine.ownership import Composite, Ownership
from webnet.api.strawberry_internals import strawberry_field
from webnet.errors import PluginDefinitionError

# Where a field's metadata has the permission that it asks for.
PERMISSION = "webnet.permission"


def refuse_undeclared(schema: GraphQLSchema, owners: Ownership, contributions: Iterable[Contribution]) -> None:
    """Raise PluginDefinitionError for a plugin's field that asks for one of its own permissions that is none."""
    declared = {each.plugin: each.permissions for each in contributions}
    for place, plugin, asked in _list_asked(schema, owners):
        codename = asked if "." in asked else f"{plugin}.{asked}"
        if codename.startswith(f"{plugin}.") and codename not in declared[plugin]:
            words = f"'{plugin}': the field '{place}' asks for the permission '{asked}'"
            raise PluginDefinitionError(f"{words}: declare it in get_permissions().")


def _list_asked(schema: GraphQLSchema, owners: Ownership) -> Iterator[tuple[str, str, str]]:
    """(type and field, plugin, permission) of plugins' fields that ask for one."""
    for kind in schema.type_map.values():
        for name, field in kind.fields.items() if isinstance(kind, Composite) else ():
            plugin = owners.fields.get((kind.name, name)) or owners.types.get(kind.name)
            asked = getattr(strawberry_field(field), "metadata", {}).get(PERMISSION)
            if plugin is not None and asked:
                yield f"{kind.name}.{name}", plugin, asked
