"""Fixtures that every test may use; the environment itself is prepared by the `conftest.py` above this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

TRANSACTIONAL_FIXTURES = {"transactional_db", "live_server"}


@pytest.fixture(scope="session")
def lifted_triggers() -> set[str]:
    """The databases whose audit log takes deletes now, between a flush and the next test."""
    return set()


@pytest.fixture(autouse=True)
def _audit_triggers(
    request: pytest.FixtureRequest, _django_db_marker: None, lifted_triggers: set[str]
) -> Iterator[None]:
    """Lifts the audit log's triggers for the flush that ends a transactional test, and for nothing else."""
    marker = request.node.get_closest_marker("django_db")
    if not marker and not {"db", *TRANSACTIONAL_FIXTURES} & set(request.fixturenames):
        yield
        return
    from django.db import connection

    from webnet.plugins import audit_triggers

    if lifted_triggers:
        with connection.schema_editor() as editor:
            audit_triggers.install(editor)
        lifted_triggers.clear()
    yield
    is_transactional = marker is not None and marker.kwargs.get("transaction")
    if is_transactional or TRANSACTIONAL_FIXTURES & set(request.fixturenames):
        with connection.schema_editor() as editor:
            audit_triggers.remove(editor)
        lifted_triggers.add("default")
