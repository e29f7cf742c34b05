"""Every kind of element that a schema can have, brought by one plugin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import Enum
from typing import Annotated

from shelf import models
from webnet.sdk import graphql
from webnet.sdk.errors import InvalidInput


@graphql.enum
class Material(Enum):
    """What a shelf is made of."""

    OAK = "oak"
    STEEL = "steel"


@graphql.interface
class Named:
    """What has a name."""

    name: str


@graphql.type(models.Genre)
class Genre:
    """A kind of book, the same for everybody."""

    name: str


@graphql.filter
class BookFilter:
    """`search` is a part of the title."""

    title: list[str] | None
    search: str | None = graphql.lookup("title__icontains", "genre__name__icontains")
    shelf: graphql.ID | None
    pages_from: int | None = graphql.lookup("pages__gte")


@graphql.type(models.Book, filter=BookFilter, order=("title", "pages"))
class Book(graphql.Node):
    """A book on a shelf."""

    title: str
    pages: int
    shelf: Shelf
    genre: Genre | None
    customer: graphql.Customer


@graphql.type(models.Shelf, order=("name",))
class Shelf(graphql.Node, Named):
    """Where books stand."""

    name: str
    books: list[Book]
    volumes: graphql.Connection[Book] = graphql.connection(relation="books")
    book_count: int = graphql.count(models.Book)
    customer: graphql.Customer

    @graphql.field
    def material(self) -> Material:
        return Material.OAK

    @graphql.field(permission="audit")
    def secret(self) -> str:
        """For those who may."""
        return "behind the books"


@graphql.type
class Nothing:
    """There is none."""

    reason: str


Found = Annotated[Shelf | Nothing, graphql.union("Found")]


@graphql.input
class AddShelfInput:
    """A new shelf."""

    name: str
    material: Material = Material.OAK


@graphql.input
class MoveBookInput:
    """Which book goes where."""

    book: graphql.ID
    shelf: graphql.ID


@graphql.type
class AddShelfPayload:
    """The shelf."""

    shelf: Shelf


@graphql.type
class MoveBookPayload:
    """The book, and all that stand beside it now."""

    book: Book
    beside: list[Book]


@graphql.type
class ShelfQueries:
    shelves: list[Shelf] = graphql.field()
    all_shelves: graphql.Connection[Shelf] = graphql.connection()
    books: graphql.Connection[Book] = graphql.connection()
    audited_books: graphql.Connection[Book] = graphql.connection(permission="audit")
    shelf: Shelf | None = graphql.node()

    @graphql.field
    def find_shelf(self, info: graphql.Info, name: str) -> Found:
        return info.context.rows(models.Shelf).filter(name=name).first() or Nothing(reason="There is none.")

    @graphql.field
    def named(self, info: graphql.Info) -> list[Named]:
        return list(info.context.rows(models.Shelf))

    @graphql.connection
    def thick_books(self, pages: int = 200) -> graphql.Connection[Book]:
        """Books with at least so many pages."""
        return models.Book.objects.filter(pages__gte=pages)

    @graphql.field(from_plugin_state=True)
    async def shelf_facts(self) -> graphql.JSON | None:
        return {"materials": len(Material)}

    @graphql.field
    def first_book(self) -> Book | None:
        return models.Book.objects.order_by("pk")


@graphql.type
class ShelfMutations:
    @graphql.mutation()
    def add_shelf(self, info: graphql.Info, input: AddShelfInput) -> AddShelfPayload:
        """A new shelf of this customer."""
        if not input.name:
            raise InvalidInput("A shelf needs a name.", field="name")
        with info.context.operation("add shelf") as operation:
            shelf = models.Shelf.objects.create(customer=info.context.customer, name=input.name)
            operation.after = {"name": shelf.name}
        return AddShelfPayload(shelf=shelf)

    @graphql.mutation(permission="arrange")
    def move_book(self, info: graphql.Info, input: MoveBookInput) -> MoveBookPayload:
        with info.context.operation("move book"):
            book = info.context.get(Book, input.book)
            book.shelf = info.context.get(Shelf, input.shelf)
            book.save()
        return MoveBookPayload(book=book, beside=list(book.shelf.books.all()))


@graphql.type
class ShelfSubscriptions:
    @graphql.subscription(permission="arrange")
    async def shelf_names(self, info: graphql.Info) -> AsyncIterator[str]:
        async for shelf in info.context.rows(models.Shelf):
            yield shelf.name


@graphql.extend(graphql.Customer)
class CustomerFields:
    shelf_count: int = graphql.count(models.Shelf)
    audited_shelf_count: int | None = graphql.count(models.Shelf, permission="audit")
    shelves: graphql.Connection[Shelf] = graphql.connection()
