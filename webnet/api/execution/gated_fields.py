"""Resolves fields that a plugin adds to another's type only for rows of customers that have the plugin.

In a customer's view such a field exists or it does not. The platform's view shows rows of many customers with a single
schema, so the gate has to decide for each row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    default_field_resolver,
)
from strawberry.utils.inspect import in_async_context

from webnet.api.engine.contributions import RESERVED_NAMES
from webnet.api.engine.ownership import Ownership
from webnet.api.execution.isolation import owner_of
from webnet.api.request.reader import Reading
from webnet.api.strawberry_internals import strawberry_field
from webnet.errors import RequestError
from webnet.sentences import sentence

# The method of a Strawberry field that returns its value if the plugin is not effective and it can't be null.
MAKE_EMPTY = "make_empty"


def gate_added_fields(schema: GraphQLSchema, owners: Ownership) -> None:
    """Wrap the resolvers of added fields; once, after the schema was built. Derived schemas share them."""
    for (type_name, field_name), plugin in owners.fields.items():
        kind = schema.type_map.get(type_name)
        if type_name not in RESERVED_NAMES and isinstance(kind, GraphQLObjectType) and field_name in kind.fields:
            field = kind.fields[field_name]
            field.resolve = _gate(field, plugin)


def make_absent(field: GraphQLField) -> Callable[[], Any] | None:
    """A function for the field's value without the plugin: null, no rows, or 0; None if it has no such value."""
    if not isinstance(field.type, GraphQLNonNull):
        return lambda: None
    if isinstance(field.type.of_type, GraphQLList):
        return list
    make_empty: Callable[[], Any] | None = getattr(strawberry_field(field), MAKE_EMPTY, None)
    return make_empty


def _gate(field: GraphQLField, plugin: str) -> Callable[..., Any]:
    resolve, absent = field.resolve or default_field_resolver, make_absent(field)

    def resolve_for(reading: Reading, source: Any, info: Any, arguments: dict[str, Any]) -> Any:
        customer_id = owner_of(source)
        if customer_id is None or _is_effective(plugin, customer_id, reading):
            return resolve(source, info, **arguments)
        if absent is None:
            message = sentence("The plugin '{plugin}' is not effective for this customer.", plugin=plugin)
            raise RequestError(message, code="PLUGIN_NOT_EFFECTIVE")
        return absent()

    def gated(source: Any, info: Any, **arguments: Any) -> Any:
        reading = info.context.reading
        if in_async_context():  # Django refuses to query the database there.
            return _resolve_later(resolve_for, reading, source, info, arguments)
        return resolve_for(reading, source, info, arguments)

    return gated


async def _resolve_later(resolve_for: Callable[..., Any], *given: Any) -> Any:
    result = await sync_to_async(resolve_for)(*given)
    return await result if hasattr(result, "__await__") else result


def _is_effective(plugin: str, customer_id: int, reading: Reading) -> bool:
    customer = reading.customers.get(customer_id)
    return customer is not None and plugin in reading.state_of(customer).effective
