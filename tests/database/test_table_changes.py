"""One process at a time changes the tables of plugins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from webnet.database import table_changes
from webnet.database.table_changes import changing_tables
from webnet.errors import TablesBusy

pytestmark = pytest.mark.django_db(transaction=True)


def try_it() -> bool:
    """Whether another connection gets the lock."""
    try:
        with changing_tables():
            return True
    except TablesBusy:
        return False
    finally:
        connection.close()


def test_a_second_one_waits_and_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_changes, "WAIT_SECONDS", 0.0)
    with ThreadPoolExecutor(1) as other:
        with changing_tables():
            during = other.submit(try_it).result()
        after = other.submit(try_it).result()

    assert (during, after) == (False, True)


def test_one_that_fails_leaves_it_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_changes, "WAIT_SECONDS", 0.0)
    with pytest.raises(ZeroDivisionError), changing_tables():
        _ = 1 / 0

    with ThreadPoolExecutor(1) as other:
        assert other.submit(try_it).result()


def test_it_is_free_once_the_connection_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a process that was killed."""
    monkeypatch.setattr(table_changes, "WAIT_SECONDS", 5.0)
    with changing_tables():
        connection.close()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(try_it).result()
