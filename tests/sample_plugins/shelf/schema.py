"""Every kind of element that a schema can have, brought by one plugin."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry
import strawberry_django
from strawberry_django.optimizer import optimize

from shelf import models
from webnet.api.context import Info
from webnet.api.types.customer import Customer
from webnet.api.types.node import Node, global_id, read_pk
from webnet.customers import models as customers


@strawberry.enum(description="What a shelf is made of.")
class Material(Enum):
    OAK = "oak"
    STEEL = "steel"


@strawberry.interface(description="What has a name.")
class Named:
    name: str


@strawberry_django.type(models.Book)
class Book:
    title: str


@strawberry_django.type(models.Shelf)
class Shelf(Node, Named):
    name: str
    books: list[Book]

    @strawberry.field
    @staticmethod
    def id(root: strawberry.Parent[models.Shelf]) -> strawberry.ID:
        return global_id("Shelf", root.pk)

    @strawberry.field
    def material(self) -> Material:
        return Material.OAK

    @staticmethod
    def find_node(info: Info, key: str) -> models.Shelf | None:
        return models.Shelf.objects.filter(pk=read_pk(key)).first()


@strawberry.type
class Nothing:
    reason: str


Found = Annotated[Shelf | Nothing, strawberry.union("Found")]


@strawberry.input
class ShelfInput:
    name: str
    material: Material = Material.OAK


@strawberry.type
class ShelfQueries:
    @strawberry.field
    def shelves(self, info: Info) -> list[Shelf]:
        return optimize(models.Shelf.objects.order_by("pk"), info)

    @strawberry.field
    def find_shelf(self, name: str) -> Found:
        return models.Shelf.objects.filter(name=name).first() or Nothing(reason="There is none.")

    @strawberry.field
    def named(self) -> list[Named]:
        return list(models.Shelf.objects.order_by("pk"))


@strawberry.type
class ShelfMutations:
    @strawberry.mutation
    def add_shelf(self, info: Info, input: ShelfInput) -> Found:  # noqa: A002 - the name in the schema
        return models.Shelf.objects.create(customer=info.context.view_customer, name=input.name)


@strawberry.type
class CustomerFields:
    @strawberry_django.field
    @staticmethod
    def shelf_count(root: strawberry.Parent[customers.Customer]) -> int:
        return root.shelves.count()


extends = {Customer: CustomerFields}
