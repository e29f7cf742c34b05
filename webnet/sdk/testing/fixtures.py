"""The kit's fixtures: customers, clients, plugins and settings, each on the test's own database.

They use the test's database as set up by pytest-django: rolled back at its end, or, for a test marked with
`@pytest.mark.django_db(transaction=True)`, committed and deleted. Widgets and streams run in threads of their own and
see committed rows only, so tests of those take the mark. A test that changes tables or triggers is marked with
`@pytest.mark.changes_tables` as well: Django's flush, which takes longer, comes after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connection
from pytest_django import DjangoDbBlocker

from webnet.api.http.kept_answers import kept_answers
from webnet.customers.models import Customer
from webnet.plugins.gate import effective
from webnet.plugins.runtime import failures, reported_problems
from webnet.sdk.testing.database import TestDatabase
from webnet.sdk.testing.protocols import MakeClient, MakeCustomer, MakeHookContext, SetSettings, SwitchPlugin
from webnet.sdk.testing.stash import CHANGES_TABLES, DATA_DIR
from webnet.sdk.trial.client import WebnetClient
from webnet.sdk.trial.fixtures_data import PLATFORM, FixtureFactory, make_hook_context


@pytest.fixture
def make_webnet_customer(_webnet_factory: FixtureFactory) -> MakeCustomer:
    """Makes a customer: `make_webnet_customer("globex")`."""
    return _webnet_factory.make_customer


@pytest.fixture
def webnet_customer(make_webnet_customer: MakeCustomer) -> Customer:
    """The customer Acme, with the slug `acme`."""
    return make_webnet_customer("acme")


@pytest.fixture
def make_webnet_client(_webnet_factory: FixtureFactory, webnet_customer: Customer) -> MakeClient:
    """Makes a client of a new user: `make_webnet_client("viewer")`, or `("admin", globex)` at Globex's view.

    `("platform")` is a platform operator at the platform's view, and with a customer at that customer's; `("")` is
    signed out.
    """

    def make(role: str, customer: Customer | None = None) -> WebnetClient:
        at = customer if customer is not None or role == PLATFORM else webnet_customer
        slug = at.slug if at is not None else None
        if not role:
            return WebnetClient(who="nobody", slug=slug, token=None)
        user = _webnet_factory.make_person(role, at)
        return WebnetClient(who=user.username, slug=slug, token=_webnet_factory.make_token(user), user=user)

    return make


@pytest.fixture
def webnet_client(make_webnet_client: MakeClient) -> WebnetClient:
    """A client of an operator of `webnet_customer`: `.query(document)`, `.mutate(field, selection, **input)`."""
    return make_webnet_client("operator")


@pytest.fixture
def enable_plugin(_webnet_factory: FixtureFactory, webnet_customer: Customer) -> SwitchPlugin:
    """Switches a plugin on, for everybody and for `webnet_customer` or another `customer`; and what it needs."""

    def enable(plugin: str, *, customer: Customer | None = None) -> None:
        _webnet_factory.enable(plugin, customer=customer or webnet_customer)

    return enable


@pytest.fixture
def disable_plugin(_webnet_factory: FixtureFactory, webnet_customer: Customer) -> SwitchPlugin:
    """Switches a plugin off for `webnet_customer` or another `customer`; and what needs it."""

    def disable(plugin: str, *, customer: Customer | None = None) -> None:
        _webnet_factory.disable(plugin, customer=customer or webnet_customer)

    return disable


@pytest.fixture
def webnet_settings(_webnet_factory: FixtureFactory) -> SetSettings:
    """Sets a plugin's settings: `webnet_settings("my_plugin", limit=2)`, for everybody or for a `customer`."""

    def set_settings(plugin: str, *, customer: Customer | None = None, **values: Any) -> None:
        _webnet_factory.set_settings(plugin, values, customer=customer)

    return set_settings


@pytest.fixture
def hook_context(_webnet_factory: FixtureFactory) -> MakeHookContext:
    """The context of hooks, widgets and health checks: `hook_context("my_plugin", customer=webnet_customer)`."""
    return make_hook_context


@pytest.fixture
def _webnet_factory(request: pytest.FixtureRequest, db: None) -> Iterator[FixtureFactory]:  # noqa: ARG001 - it opens the database
    yield FixtureFactory()
    # What was cached between requests belongs to rows that are deleted now.
    effective.platforms.clear()
    effective.customers.clear()


@pytest.fixture(scope="session")
def _webnet_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> TestDatabase:  # noqa: ARG001 - it is there then
    with django_db_blocker.unblock():
        return TestDatabase()


@pytest.fixture
def _webnet_clearing(request: pytest.FixtureRequest, _webnet_database: TestDatabase) -> Iterator[None]:
    with _webnet_database.clearing(is_flushed=request.node.get_closest_marker(CHANGES_TABLES) is not None):
        yield


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest,
    _webnet_database: TestDatabase,
    _webnet_clearing: None,  # before the next one, so that it still holds when that one clears the database
    _django_db_helper: None,
) -> None:
    """pytest-django's fixture, through which a test gets its database, with a check of what is in it."""
    marker = request.node.get_closest_marker("django_db")
    databases = marker.kwargs.get("databases") if marker is not None else None
    if databases is None or databases == "__all__" or DEFAULT_DB_ALIAS in databases:
        _webnet_database.check()


@pytest.fixture(autouse=True)
def _webnet_failure_counts() -> None:
    """Forget what earlier tests have counted in memory: it would be stored in this test's database."""
    failures.counter.forget()
    reported_problems.forget()
    kept_answers.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001 - it names the databases of parallel runs
) -> None:
    """SQLite's test database is a file: threads could not share one in memory. PostgreSQL's need not sync."""
    folder = request.config.stash.get(DATA_DIR, None)
    if connection.vendor == "sqlite":
        if folder is not None:
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder.name) / "tests.sqlite3")
    else:
        # A test's rows need not outlive a power cut.
        connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
