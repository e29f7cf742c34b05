"""What a load balancer learns from `/healthz` and `/readyz`."""

import os
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from tests.outages import read_only
from webnet.database import writability
from webnet.plugins.models import PluginConfig, PluginHealth, PluginStatus
from webnet.plugins.registry import registry


def fail(*_arguments: object, **_options: object) -> None:
    raise DatabaseError


@pytest.mark.django_db
def test_it_is_ready_when_every_migration_is_there(client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_of_the_host_is_missing(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("customers", "0004_times")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "customers.0004_times" in answer.json()["reason"]


@pytest.mark.django_db
def test_it_is_alive_but_not_ready_while_the_database_is_silent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "cursor", fail)

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()["reason"]) == (503, "The database does not respond.")
    assert alive.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_while_nothing_can_be_stored(client: Client) -> None:
    with read_only():
        ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()["reason"]) == (503, "The database is read-only.")
    assert alive.status_code == 200 and client.get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only the server knows PostgreSQL's disk.")
def test_it_is_not_ready_while_the_disk_is_full(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    (tmp_path / "webnet.sqlite3").touch()
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", str(tmp_path / "webnet.sqlite3"))
    monkeypatch.setattr(writability, "MINIMUM_FREE_BYTES", 2 * free)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["reason"]) == (503, "The disk of the database is full.")


def test_being_alive_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("status", PluginStatus.values)
def test_no_plugins_illness_makes_it_unready(client: Client, status: str) -> None:
    plugin = PluginConfig.objects.create(name="ill", verbose_name="Ill", status=status, enabled=True)
    PluginHealth.objects.create(plugin=plugin, status="unhealthy", checked_at=timezone.now(), duration_ms=1)
    MigrationRecorder(connection).record_unapplied("shelf", "0001_initial")

    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_being_ready_asks_no_plugin(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in registry.loaded():
        monkeypatch.setattr(type(entry.plugin), "health_check", fail)

    assert client.get("/readyz").status_code == 200
