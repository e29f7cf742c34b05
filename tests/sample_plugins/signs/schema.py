"""Fields for types of the host and of the shelf, a union with its type, and another type for its rows."""

from __future__ import annotations

from typing import Annotated, Any

from shelf.models import Shelf as ShelfRow
from shelf.schema import Named, Shelf

from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql


@graphql.type
class Sign(Named):
    """What is written over something."""


@graphql.type(ShelfRow)
class SignedShelf(graphql.Node):
    """A shelf, as those see it who hang signs."""

    @graphql.field
    @staticmethod
    def words(root: graphql.Parent[ShelfRow]) -> str:
        return f"This is {root.name}"


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

    @graphql.field
    @staticmethod
    def greeting(root: graphql.Parent[Any]) -> str | None:
        return f"Welcome to {root.slug}"

    @graphql.field
    @staticmethod
    def notices(root: graphql.Parent[Any]) -> list[str]:
        return [f"{root.slug} is open"]

    @graphql.connection
    @staticmethod
    def marked_shelves(root: graphql.Parent[Any]) -> graphql.Connection[Shelf]:
        return ShelfRow.objects.of(root)

    marked_shelf_count: int = graphql.count(ShelfRow)


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

    @graphql.field
    @staticmethod
    def hint(root: graphql.Parent[ShelfRow]) -> str | None:
        return f"Mind {root.name}"


@graphql.type
class SignQueries:
    signed_shelves: graphql.Connection[SignedShelf] = graphql.connection()

    @graphql.field
    @staticmethod
    def hanging(info: graphql.Info) -> list[Hanging]:
        return [Sign(name="Exit"), *info.context.rows(ShelfRow)]

    @graphql.field
    @staticmethod
    def unscoped_shelves() -> list[SignedShelf | None]:
        return list(ShelfRow.objects.order_by("pk"))


extension = GraphQLExtension(
    query=SignQueries, types=(Sign,), extends=graphql.extends(PluginFields, CustomerFields, UserFields, ShelfFields)
)
