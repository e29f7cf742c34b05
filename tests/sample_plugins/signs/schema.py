"""Fields for types of the host and of the shelf, a type with the shelf's interface, and a union with its type."""

from __future__ import annotations

from typing import Annotated, Any

from shelf.models import Shelf as ShelfRow
from shelf.schema import Named, Shelf

from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql


@graphql.type
class Sign(Named):
    """What is written over something."""


Hanging = Annotated[Sign | Shelf, graphql.union("Hanging")]


@graphql.extend(graphql.Plugin)
class PluginFields:
    @graphql.field
    @staticmethod
    def sign(root: graphql.Parent[Any]) -> Sign:
        return Sign(name=f"This is {root.name}")


@graphql.extend(graphql.Customer)
class CustomerFields:
    @graphql.field
    @staticmethod
    def sign(root: graphql.Parent[Any]) -> Sign:
        return Sign(name=f"This is {root.slug}")


@graphql.extend(graphql.User)
class UserFields:
    @graphql.field
    @staticmethod
    def sign(root: graphql.Parent[Any]) -> Sign:
        return Sign(name=f"This is {root.username}")


@graphql.extend(Shelf)
class ShelfFields:
    @graphql.field
    @staticmethod
    def sign(root: graphql.Parent[ShelfRow]) -> Sign:
        return Sign(name=f"This is {root.name}")


@graphql.type
class SignQueries:
    @graphql.field
    @staticmethod
    def hanging(info: graphql.Info) -> list[Hanging]:
        return [Sign(name="Exit"), *info.context.rows(ShelfRow)]


extension = GraphQLExtension(
    query=SignQueries, types=(Sign,), extends=graphql.extends(PluginFields, CustomerFields, UserFields, ShelfFields)
)
