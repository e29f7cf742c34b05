"""Finds fields that require a permission that their plugin does not declare: nobody could ever use them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import GraphQLSchema

from webnet.api.engine.contributions import Contribution
from webnet.api.engine.ownership import Composite, Ownership
from webnet.api.strawberry_internals import strawberry_field
from webnet.errors import PluginDefinitionError

# The key in a field's metadata for the permission that it requires.
PERMISSION = "webnet.permission"


def refuse_undeclared_permissions(
    schema: GraphQLSchema, owners: Ownership, contributions: Iterable[Contribution]
) -> None:
    """Raise PluginDefinitionError for a field that requires an undeclared permission of its own plugin."""
    declared = {each.plugin: each.permissions for each in contributions}
    for place, plugin, permission in _list_required(schema, owners):
        codename = permission if "." in permission else f"{plugin}.{permission}"
        if codename.startswith(f"{plugin}.") and codename not in declared[plugin]:
            problem = f"'{plugin}': the field '{place}' requires the permission '{permission}'"
            raise PluginDefinitionError(f"{problem}: declare it in get_permissions().")


def _list_required(schema: GraphQLSchema, owners: Ownership) -> Iterator[tuple[str, str, str]]:
    """The permissions that plugins' fields require, as (type and field, plugin, permission)."""
    for kind in schema.type_map.values():
        for name, field in kind.fields.items() if isinstance(kind, Composite) else ():
            plugin = owners.fields.get((kind.name, name)) or owners.types.get(kind.name)
            permission = getattr(strawberry_field(field), "metadata", {}).get(PERMISSION)
            if plugin is not None and permission:
                yield f"{kind.name}.{name}", plugin, permission
