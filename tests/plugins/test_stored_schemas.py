"""A sync keeps what a plugin adds to the schema together with the version that it takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import actor_for, make_operator
from tests.plugins.test_dependencies import plugin
from webnet.customers.access import Actor
from webnet.plugins.lifecycle import stored_schemas
from webnet.plugins.lifecycle.stored_schemas import read_schemas
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = "extend type Query { alarms: Int }", "extend type Query { alarms: Int! }"


@pytest.fixture
def operator() -> Actor:
    return actor_for(make_operator())


@pytest.fixture
def stored(install: Callable[..., None], operator: Actor) -> None:
    """`alarm` 1.1 is taken, with one field."""
    install(plugin("alarm", "1.1"), plugin("other"))
    manager.sync(actor=operator, schemas={"alarm": FIRST})


@pytest.mark.usefixtures("stored")
def test_another_version_brings_another_schema(registered: Callable[..., None], operator: Actor) -> None:
    assert read_schemas() == {"alarm": FIRST, "other": ""}
    registered(plugin("alarm", "1.2"), plugin("other"))

    manager.sync(actor=operator, schemas={"alarm": SECOND})

    assert read_schemas() == {"alarm": SECOND, "other": ""}


@pytest.mark.usefixtures("stored")
def test_with_a_version_that_is_refused_the_former_schema_stays(
    registered: Callable[..., None], operator: Actor
) -> None:
    registered(plugin("alarm", "1.0"), plugin("other"))

    report = manager.sync(actor=operator, schemas={"alarm": SECOND})

    assert report.failed == ["alarm"]
    assert read_schemas()["alarm"] == FIRST


@pytest.mark.usefixtures("stored")
def test_a_sync_that_does_not_know_the_schema_keeps_the_former_one(operator: Actor) -> None:
    manager.sync(actor=operator)

    assert read_schemas() == {"alarm": FIRST, "other": ""}


@pytest.mark.usefixtures("stored")
def test_one_that_is_too_long_is_not_kept(operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_schemas, "MAXIMUM_LENGTH", len(SECOND) - 1)

    manager.sync(actor=operator, schemas={"alarm": SECOND})

    assert read_schemas() == {"other": ""}
