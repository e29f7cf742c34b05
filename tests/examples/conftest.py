"""Two customers, of whom one has the example plugins that a test names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member
from webnet.customers.access import Actor
from webnet.customers.models import Customer, User
from webnet.customers.roles import Role
from webnet.plugins import state_cache
from webnet.plugins.manager import manager

SYSTEM = Actor.system("tests")


@dataclass(kw_only=True)
class World:
    """`acme` has the plugins, with an operator and a viewer; `foreign` is an admin of `globex`, which has none."""

    acme: Customer
    globex: Customer
    viewer_user: User
    operator: GraphQLClient
    viewer: GraphQLClient
    foreign: GraphQLClient

    def enable(self, plugin: str, customer: Customer) -> None:
        manager.enable(plugin, actor=SYSTEM, customer=customer.slug)

    def disable(self, plugin: str, customer: Customer) -> None:
        manager.disable(plugin, actor=SYSTEM, customer=customer.slug)

    def set_globally(self, plugin: str, **settings: Any) -> None:
        manager.update_settings(plugin, actor=SYSTEM, patch=settings)


@pytest.fixture
def make_world(db: None) -> Iterator[Callable[..., World]]:
    """Call it with the plugins that `acme` shall have, dependencies first."""

    def make(*plugins: str) -> World:
        manager.sync(actor=SYSTEM)
        acme, globex = make_customer("acme"), make_customer("globex")
        viewer = make_member("vera", acme)
        world = World(
            acme=acme,
            globex=globex,
            viewer_user=viewer,
            operator=GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR), view="acme"),
            viewer=GraphQLClient.of(viewer, view="acme"),
            foreign=GraphQLClient.of(make_member("gus", globex, Role.ADMIN), view="globex"),
        )
        for plugin in plugins:
            manager.enable(plugin, actor=SYSTEM)
            world.enable(plugin, acme)
        return world

    yield make
    state_cache.platforms.clear()
    state_cache.customers.clear()
