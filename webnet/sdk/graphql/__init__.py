"""GraphQL for plugins: fields limit rows to those that may be seen, cap lists and check permissions by default."""

from strawberry import ID, UNSET, Parent, Private, auto, lazy, union
from strawberry.scalars import JSON

from webnet.api.declarations.connections import Connection, lookup
from webnet.api.declarations.connections import filter_type as filter
from webnet.api.declarations.sizes import cost_of
from webnet.api.types.customer import Customer
from webnet.api.types.plugin import Plugin
from webnet.api.types.user import User
from webnet.api.vocabulary.enums import OrderDirection, Role
from webnet.api.vocabulary.node import Node
from webnet.api.vocabulary.scalars import BigInt
from webnet.plugins.declarations import GraphQLExtension
from webnet.sdk.graphql.declare import connection, count, field, node, subscription
from webnet.sdk.graphql.info import GraphQLContext, Info
from webnet.sdk.graphql.mutations import mutation
from webnet.sdk.graphql.types import enum, extend, extends, input, interface, type

__all__ = [
    "ID",
    "JSON",
    "UNSET",
    "BigInt",
    "Connection",
    "Customer",
    "GraphQLContext",
    "GraphQLExtension",
    "Info",
    "Node",
    "OrderDirection",
    "Parent",
    "Plugin",
    "Private",
    "Role",
    "User",
    "auto",
    "connection",
    "cost_of",
    "count",
    "enum",
    "extend",
    "extends",
    "field",
    "filter",
    "input",
    "interface",
    "lazy",
    "lookup",
    "mutation",
    "node",
    "subscription",
    "type",
    "union",
]
