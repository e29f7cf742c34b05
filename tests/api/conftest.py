"""A small world for the tests of the API: four plugins, two customers, and people of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.api.client import GraphQLClient
from tests.api.plugins import Greeter, Inventory, Map, Refusing
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.conftest import failing_entry, install, registered
from tests.trials import warm_trials
from webnet.customers.models import Customer, Role, User
from webnet.plugins.registry import Entry

__all__ = ["failing_entry", "install", "registered", "warm_trials"]


@dataclass
class World:
    """Users by what they are; `acme` and `globex` have the same people with other names."""

    acme: Customer
    globex: Customer
    platform: User
    admin: User
    operator: User
    viewer: User
    stranger: User

    def client(self, who: str, *, view: str | None = None) -> GraphQLClient:
        return GraphQLClient.of(getattr(self, who), view=view)


@pytest.fixture
def world(install: Callable[..., None], failing_entry: Entry) -> World:
    """`greeter`, `inventory`, `map` (needs it) and `refusing` are installed, none is enabled; `broken` failed."""
    install(Greeter(), Inventory(), Map(), Refusing(), failing_entry)
    acme, globex = make_customer("acme", name="Acme Corp"), make_customer("globex", name="Globex")
    return World(
        acme=acme,
        globex=globex,
        platform=make_operator("platform", email="platform@example.com"),
        admin=make_member("ann", acme, Role.ADMIN, email="ann@example.com"),
        operator=make_member("oscar", acme, Role.OPERATOR),
        viewer=make_member("vera", acme, Role.VIEWER, email="vera@example.com"),
        stranger=make_member("gus", globex, Role.ADMIN),
    )


@pytest.fixture
def nobody() -> GraphQLClient:
    return GraphQLClient()


@pytest.fixture
def platform(world: World) -> GraphQLClient:
    return world.client("platform")


@pytest.fixture
def admin(world: World) -> GraphQLClient:
    return world.client("admin")


@pytest.fixture
def operator(world: World) -> GraphQLClient:
    return world.client("operator")


@pytest.fixture
def viewer(world: World) -> GraphQLClient:
    return world.client("viewer")


@pytest.fixture
def stranger(world: World) -> GraphQLClient:
    return world.client("stranger")
