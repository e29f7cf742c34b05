"""Fixtures that every test may use; the environment itself is prepared by the `conftest.py` above this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

TRANSACTIONAL_FIXTURES = {"transactional_db", "live_server"}


@pytest.fixture(autouse=True)
def _audit_triggers(request: pytest.FixtureRequest, _django_db_marker: None) -> Iterator[None]:
    """Lifts the audit log's triggers for the flush that ends a transactional test; the flush puts them back."""
    yield
    marker = request.node.get_closest_marker("django_db")
    is_transactional = marker is not None and marker.kwargs.get("transaction")
    if is_transactional or TRANSACTIONAL_FIXTURES & set(request.fixturenames):
        from django.db import connection

        from webnet.plugins import audit_triggers

        audit_triggers.remove(connection)
