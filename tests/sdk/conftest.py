"""Two customers that both have the sample plugins, with rows of the same shape and other names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from labels.models import Label
from shelf import schema as shelf_schema
from shelf.models import Book, Genre, Shelf

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.sdk.raising import Raising
from tests.trials import warm_trials
from webnet.api.execution import isolation
from webnet.api.vocabulary.node import global_id
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager

__all__ = ["warm_trials"]
SYSTEM = Actor.system("tests")


@dataclass
class World:
    """acme and globex have `shelf` and `labels`; `both` is a viewer of the two, and `platform` an operator."""

    acme: Customer
    globex: Customer

    def client(self, who: str, view: str | None = None) -> GraphQLClient:
        from webnet.customers.models import User

        return GraphQLClient.of(User.objects.get(username=who), view=view)

    def ids(self, customer: Customer, model: type) -> list[str]:
        return [global_id(model.__name__, pk) for pk in model.objects.of(customer).values_list("pk", flat=True)]


def fill(customer: Customer, *, shelves: int = 2, books: int = 2) -> None:
    """So many shelves with so many books each, and a label on each shelf."""
    genre, _ = Genre.objects.get_or_create(name="novel")
    start = Shelf.objects.of(customer).count()
    for number in range(start, start + shelves):
        shelf = Shelf.objects.create(customer=customer, name=f"{customer.slug}-shelf-{number}")
        Label.objects.create(shelf=shelf, text=f"{customer.slug}-label-{number}")
        Book.objects.bulk_create(
            Book(shelf=shelf, title=f"{customer.slug}-book-{number}-{each}", genre=genre, pages=100 + each)
            for each in range(books)
        )


@pytest.fixture
def world() -> World:
    manager.sync(actor=SYSTEM)
    acme, globex = make_customer("acme"), make_customer("globex")
    manager.enable("labels", actor=SYSTEM, with_dependencies=True)
    both = make_member("both", acme, Role.VIEWER)
    for customer in (acme, globex):
        fill(customer)
        manager.enable("labels", actor=SYSTEM, customer=customer.slug, with_dependencies=True)
        for role in Role:
            make_member(f"{customer.slug}-{role.value}", customer, role)
    both.memberships.create(customer=globex, role=Role.VIEWER)
    make_operator("platform")
    return World(acme=acme, globex=globex)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Call it with what the field `firstBook` shall raise."""

    def break_with(error: BaseException) -> None:
        monkeypatch.setattr(shelf_schema, "models", Raising(error))

    return break_with


@pytest.fixture(autouse=True)
def _classes_as_they_are():
    """Some tests give a model's class another attribute, which is remembered of the class."""
    isolation.runs_code.cache_clear()
    yield
    isolation.runs_code.cache_clear()
