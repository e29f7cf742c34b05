"""What ends when the time of a request is over: what only reads, at once; a change, before its next statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic

import pytest
from django.db import close_old_connections, connection, transaction

from tests.factories import make_customer
from webnet.customers.models import Customer
from webnet.database.deadlines import Deadline, check_deadline, until
from webnet.database.outages import is_outage
from webnet.errors import DeadlineExceeded

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30
FOREVER = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    if connection.vendor == "sqlite"
    else "SELECT pg_sleep(600)"
)
# A statement whose first row is there at once, and whose second one never comes; only SQLite returns the first.
FOREVER_FETCHING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 2"


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """A thread as one that serves requests: its connection is kept, and closed at the end."""
    with ThreadPoolExecutor(1) as executor:
        yield executor
        executor.submit(lambda: connection.close()).result()  # noqa: PLW0108 - each thread has its own


class DuringStatement(Deadline):
    """One that is over while a statement runs, and never before it: a slow machine may take its time until then."""

    def is_over(self) -> bool:
        return self._running is not None and super().is_over()


def over(*, writes: bool) -> Deadline:
    """A deadline that is over."""
    return Deadline(0, writes=writes)


def ask(sql: str = "SELECT 1", *, all_rows: bool = False) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if all_rows else cursor.fetchone()


def enforce(deadline: Deadline, running: Future[object], ends: Callable[[], None] = lambda: None) -> None:
    """Do as the background thread does, until the work has ended."""
    latest = monotonic() + PATIENCE_SECONDS
    while not running.done():
        ends()
        deadline.enforce()
        assert monotonic() < latest
        wait([running], timeout=0.01)


def serve(thread: ThreadPoolExecutor, deadline: Deadline | None, work: Callable[[], object]) -> Future[object]:
    """Have the thread do that as a request, between what Django does before and after each."""

    def run() -> object:
        close_old_connections()
        try:
            with until(deadline):
                return work()
        finally:
            close_old_connections()

    return thread.submit(run)


@pytest.mark.parametrize("all_rows", [False, True], ids=["execute", "fetch"])
def test_a_statement_that_reads_is_interrupted_and_the_next_request_is_served(
    thread: ThreadPoolExecutor, all_rows: bool
) -> None:
    deadline = DuringStatement(0.05, writes=False)
    sql = FOREVER_FETCHING if all_rows and connection.vendor == "sqlite" else FOREVER

    running = serve(thread, deadline, lambda: ask(sql, all_rows=all_rows))
    enforce(deadline, running)

    with pytest.raises(DeadlineExceeded, match=r"0\.05 seconds") as raised:
        running.result()
    assert raised.value.__cause__ is not None and not is_outage(raised.value)
    assert serve(thread, Deadline(60, writes=False), ask).result() == (1,)


def test_what_reads_ends_once_its_client_has_left(thread: ThreadPoolExecutor) -> None:
    deadline = DuringStatement(600, writes=False)

    running = serve(thread, deadline, lambda: ask(FOREVER))
    enforce(deadline, running, ends=deadline.leave)

    with pytest.raises(DeadlineExceeded) as raised:
        running.result()
    assert raised.value.__cause__ is not None


def test_what_writes_goes_on_after_its_client_has_left() -> None:
    deadline = Deadline(600, writes=True)

    deadline.leave()

    with until(deadline), transaction.atomic():
        make_customer("acme")
    assert Customer.objects.filter(slug="acme").exists()


def test_an_interrupt_that_comes_after_the_statement_meets_nobody(thread: ThreadPoolExecutor) -> None:
    deadline = over(writes=False)

    def run_to_the_end() -> object:
        driver = connection.connection
        answered = deadline.run(driver, lambda: (driver.cursor().execute("SELECT 1").fetchall(), deadline.enforce()))
        assert answered == ([(1,)], True)
        return driver

    serve(thread, None, ask).result()
    former = serve(thread, None, run_to_the_end).result()

    assert not deadline.enforce()
    assert [serve(thread, Deadline(60, writes=False), ask).result() for _ in range(20)] == [(1,)] * 20
    if connection.vendor == "postgresql":  # SQLite's, in memory, is never closed.
        assert serve(thread, None, lambda: connection.connection).result() is not former


def test_only_the_connection_of_the_request_that_is_over_its_time_is_interrupted() -> None:
    class Driver:
        interrupted = 0

        def interrupt(self) -> None:
            self.interrupted += 1

        def has_transaction(self) -> bool:
            return False

    driver, idle = Driver(), Deadline(0, writes=False)

    assert not idle.enforce()  # it runs no statement
    with pytest.raises(DeadlineExceeded):
        idle.run(driver, lambda: (idle.enforce(), 1 / 0))
    assert driver.interrupted == 1
    assert not idle.enforce()  # its statement has ended
    in_time = Deadline(60, writes=False)
    assert in_time.run(driver, in_time.enforce) is False
    writing = Deadline(0, writes=True)
    assert writing.run(driver, writing.enforce) is False
    assert driver.interrupted == 1


def test_nothing_begins_after_the_time_is_over() -> None:
    for writes in (False, True):
        with until(over(writes=writes)):
            with pytest.raises(DeadlineExceeded, match="took longer than 0 seconds"):
                ask()
            with pytest.raises(DeadlineExceeded):
                check_deadline()
    assert ask() == (1,)


def test_a_change_is_checked_before_its_commit_and_nothing_of_it_is_stored() -> None:
    deadline = Deadline(600, writes=True)

    def change() -> None:
        with transaction.atomic():
            make_customer("acme")
            deadline._ends = 0

    with until(deadline), pytest.raises(DeadlineExceeded):
        change()

    assert not connection.in_atomic_block and connection.get_autocommit()
    assert not Customer.objects.filter(slug="acme").exists()


def test_a_change_that_is_over_its_time_within_a_savepoint_is_undone() -> None:
    deadline = Deadline(600, writes=True)

    def change() -> None:
        with transaction.atomic(), transaction.atomic():
            make_customer("acme")
            deadline._ends = 0
            ask()

    with until(deadline), pytest.raises(DeadlineExceeded):
        change()

    assert not Customer.objects.filter(slug="acme").exists()


@pytest.mark.parametrize("is_atomic", [True, False], ids=["transaction", "one statement"])
def test_after_its_commit_a_change_is_answered_whatever_the_time(is_atomic: bool) -> None:
    make_customer("acme")
    deadline = Deadline(600, writes=True)

    with until(deadline):
        if is_atomic:
            with transaction.atomic():
                Customer.objects.update(name="Renamed")
        else:
            Customer.objects.update(name="Renamed")
        deadline._ends = 0
        assert Customer.objects.get(slug="acme").name == "Renamed"

        deadline.begin_change()
        with pytest.raises(DeadlineExceeded):
            Customer.objects.count()


def test_a_read_within_a_change_commits_nothing() -> None:
    deadline = Deadline(600, writes=True)

    with until(deadline):
        ask()
        deadline._ends = 0
        with pytest.raises(DeadlineExceeded):
            ask()


def test_a_connection_is_made_whatever_the_time(thread: ThreadPoolExecutor) -> None:
    def connect() -> bool:
        connection.close()
        connection.ensure_connection()
        return connection.connection is not None

    assert serve(thread, over(writes=False), connect).result()
