"""What a load balancer learns from `/healthz` and `/readyz`."""

import pytest
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def fail(*_arguments: object, **_options: object) -> None:
    raise DatabaseError


@pytest.mark.django_db
def test_it_is_ready_when_every_migration_is_there(client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_of_the_host_is_missing(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("customers", "0001_initial")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "customers.0001_initial" in answer.json()["reason"]


@pytest.mark.django_db
def test_it_is_alive_but_not_ready_while_the_database_is_silent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "cursor", fail)

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()["reason"]) == (503, "The database does not answer.")
    assert alive.status_code == 200


def test_being_alive_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
