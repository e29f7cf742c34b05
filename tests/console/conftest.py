"""Two customers, their people, and a plugin with pages of every kind, effective for one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.console.pages import Pages
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.conftest import install, registered
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.console.dashboard.streamed_pages import seats
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role, User
from webnet.plugins.manager import manager

__all__ = ["install", "registered"]

SYSTEM = Actor.system("tests")


@pytest.fixture(autouse=True)
def no_page_is_open() -> None:
    """Forget pages that an earlier test has not closed: they count as open until the garbage is collected."""
    seats._taken.clear()


@pytest.fixture
def acme(install: Callable[..., None]) -> Customer:
    """The customer for whom `pages` is effective; it is enabled globally, and not for `globex`."""
    install(Pages(), enabled=True)
    acme, globex = make_customer("acme", name="Acme Corp"), make_customer("globex", name="Globex")
    for name, role in (("ann", Role.ADMIN), ("oscar", Role.OPERATOR), ("vera", Role.VIEWER)):
        make_member(name, acme, role)
    make_member("gus", globex, Role.ADMIN)
    make_operator("platform")
    manager.enable("pages", actor=SYSTEM, customer="acme")
    return acme


@pytest.fixture
def browse(acme: Customer) -> Callable[..., Client]:
    """Call it with a user name for a browser in which they are signed in."""

    def sign_in(username: str, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(User.objects.get(username=username), backend=SESSION_BACKEND)
        return client

    return sign_in
