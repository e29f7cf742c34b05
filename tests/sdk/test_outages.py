"""GraphQL while the database can't be reached or written: 503 with a code, and no plugin is blamed."""

from __future__ import annotations

import pytest
from django.db import connection
from shelf import models as shelf_models

from tests.outages import cut_connection, read_only, unreachable
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer
from webnet.plugins.runtime import failures

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = "{ firstBook { title } }"
DISABLE = """mutation { disableCustomerPlugin(input: {customer: "acme", plugin: "labels"}) {
    ... on Refusal { code } ... on DisableCustomerPluginPayload { changed } } }"""


@pytest.fixture(autouse=True)
def _fresh_counts():
    failures.counter.take()


def told(response) -> tuple[int, str | None, list[str]]:
    """The status, when to try again, and the codes of the errors."""
    codes = [error["extensions"]["code"] for error in response.json()["errors"]]
    return response.status_code, response.get("Retry-After"), codes


def test_nothing_can_be_read(world):
    client = world.client("acme-viewer", "acme")

    with unreachable():
        answer = client.send({"query": QUERY})

    assert told(answer) == (503, "5", ["DATABASE_UNAVAILABLE"])
    assert answer.json()["errors"][0]["extensions"]["retryAfterSeconds"] == 5
    assert client.send({"query": QUERY}).status_code == 200


def test_a_change_is_refused_by_a_database_that_takes_none(world):
    client = world.client("platform")
    rows = PluginAuditLog.objects.count()

    with read_only():
        answer = client.send({"query": DISABLE})
        reads = client.send({"query": "{ viewer { user { username } } }"})

    assert told(answer) == (503, "30", ["DATABASE_UNAVAILABLE"]) and reads.status_code == 200
    assert PluginAuditLog.objects.count() == rows
    assert client.data(DISABLE)["disableCustomerPlugin"] == {"changed": True}


class LosingConnection:
    """Stands for a module: each time one of its attributes is read, the server cuts the connection, up to a limit."""

    def __init__(self, module, *, times: int) -> None:
        self._module, self._times, self.seen = module, times, 0

    def __getattr__(self, name):
        self.seen += 1
        if self.seen <= self._times:
            cut_connection()
        return getattr(self._module, name)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose.")
@pytest.mark.parametrize(("times", "expected"), [(1, 200), (2, 503)])
def test_a_query_that_loses_its_connection_is_tried_once_more(world, monkeypatch, times, expected):
    client = world.client("acme-viewer", "acme")
    losing = LosingConnection(shelf_models, times=times)
    monkeypatch.setattr("shelf.schema.models", losing)

    answer = client.send({"query": QUERY})

    assert answer.status_code == expected and losing.seen == 2 and failures.counter.take() == {}
    assert client.send({"query": "{ viewer { user { username } } }"}).status_code == 200


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose.")
def test_a_mutation_that_loses_its_connection_is_not(world, monkeypatch):
    client = world.client("platform")
    calls = []

    def lose(*_arguments, **_options):
        calls.append(1)
        cut_connection()

    monkeypatch.setattr("webnet.plugins.changes.scopes.lock_customer", lose)
    rows = PluginAuditLog.objects.count()

    answer = client.send({"query": DISABLE})

    assert told(answer) == (503, "5", ["DATABASE_UNAVAILABLE"]) and len(calls) == 1
    assert PluginAuditLog.objects.count() == rows
    monkeypatch.undo()
    assert client.data(DISABLE)["disableCustomerPlugin"] == {"changed": True}


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_plugin_that_meets_the_outage_is_not_blamed(world, monkeypatch, is_hidden):
    """Not even if it raises an error of its own about it."""

    class Writing:
        @property
        def Book(self):  # noqa: N802 - in place of the model
            try:
                Customer.objects.update(name="written")
            except Exception as error:
                if is_hidden:
                    raise ValueError("could not write") from error
                raise

    client = world.client("acme-viewer", "acme")
    monkeypatch.setattr("shelf.schema.models", Writing())

    with read_only():
        answer = client.send({"query": QUERY})

    assert told(answer) == (503, "30", ["DATABASE_UNAVAILABLE"])
    assert failures.counter.take() == {}
