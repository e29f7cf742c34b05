"""The time that a request may take: beyond it, no statement begins, and one that reads is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, local
from time import monotonic, perf_counter
from typing import ParamSpec, Protocol, TypeVar

from webnet.database.clean_room import mark_for_closing
from webnet.errors import DeadlineExceeded
from webnet.plugin_calls import current_call
from webnet.request_record import CodePlace, Trace, current_record

P = ParamSpec("P")
T = TypeVar("T")


class DriverConnection(Protocol):
    """A driver's connection, as both backends have it."""

    def interrupt(self) -> None:
        """Have the statement that runs on it fail; called by another thread."""

    def has_transaction(self) -> bool:
        """Whether a transaction is open, as the driver knows without a statement."""


class Deadline:
    """The time of one request, used by the thread that serves it; other threads call `leave` and `enforce` only.

    What `writes` is never interrupted: it is checked before each of its statements and before its commit, and not any
    more after that, so that a committed change is answered as such. What reads also ends once its client has left.
    """

    def __init__(self, seconds: float, *, writes: bool) -> None:
        self.seconds = seconds
        self.writes = writes
        self._ends = monotonic() + seconds
        self._has_left = False
        self._has_committed = False
        self._running: DriverConnection | None = None
        self._is_interrupted = False
        # Between `enforce` and the end of a statement: an interrupt must not reach the next statement, or a connection
        # that is closed meanwhile.
        self._lock = Lock()

    def is_over(self) -> bool:
        """Whether the request has to end now."""
        if self._has_committed:
            return False
        return (self._has_left and not self.writes) or monotonic() > self._ends

    def check(self) -> None:
        """Raise DeadlineExceeded if the request has to end now."""
        if self.is_over():
            raise DeadlineExceeded(self.seconds)

    def renew(self) -> None:
        """Restart its time, for the next part of what is answered piece by piece."""
        self._ends = monotonic() + self.seconds

    def begin_change(self) -> None:
        """From here on, the request changes something.

        What it has committed until now, such as that a token was used, is no change that it has to answer.
        """
        self.writes, self._has_committed = True, False

    def note_commit(self) -> None:
        """A transaction was committed on this thread."""
        self._has_committed = self.writes

    def leave(self) -> None:
        """The client has left, so nobody waits for an answer any more."""
        self._has_left = True

    def enforce(self) -> bool:
        """Interrupt the statement that runs now, if the time is over and the request only reads.

        It is called again and again: an interrupt that comes a moment before its statement begins has no effect.
        """
        with self._lock:
            if self._running is None or self.writes or not self.is_over():
                return False
            self._is_interrupted = True
            self._running.interrupt()
        return True

    def run(self, driver: DriverConnection, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make the call, during which the connection may be interrupted; raises DeadlineExceeded if it was."""
        self._running = driver
        try:
            return call(*args, **kwargs)
        except Exception as error:
            if self._is_interrupted:
                raise DeadlineExceeded(self.seconds) from error
            raise
        finally:
            with self._lock:
                self._running = None
            if self._is_interrupted:
                # The next request gets a new one: what comes late, if anything does, meets nobody.
                mark_for_closing()


class _Current(local):
    """The deadline of what this thread serves; None if there is none, as in commands."""

    deadline: Deadline | None = None


_current = _Current()


def current_deadline() -> Deadline | None:
    """The deadline of the request that this thread serves."""
    return _current.deadline


@contextmanager
def until(deadline: Deadline | None) -> Iterator[None]:
    """Have the deadline, or none, for what this thread does in the block."""
    former, _current.deadline = _current.deadline, deadline
    try:
        yield
    finally:
        _current.deadline = former


def check_deadline() -> None:
    """Raise DeadlineExceeded if the request that this thread serves has to end now; costs next to nothing."""
    if _current.deadline is not None:
        _current.deadline.check()


def run_statement(driver: DriverConnection, sql: object, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the drivers' cursors do with each statement. Raises DeadlineExceeded before it, or if interrupted."""
    if (record := current_record.get()) is not None and record.trace is not None:
        with tracing_statement(sql, record.trace):
            return run_in_time(driver, sql, call, *args, **kwargs)
    return run_in_time(driver, sql, call, *args, **kwargs)


@contextmanager
def tracing_statement(sql: object, trace: Trace) -> Iterator[None]:
    """Note when the statement in the block began and ended, and whose it is."""
    caller, began = current_call(), perf_counter()
    place = CodePlace(caller.plugin, caller.place) if caller is not None else None
    try:
        yield
    finally:
        trace.add_statement(sql, place=place, began=began)


def run_in_time(driver: DriverConnection, sql: object, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the statement. Raises DeadlineExceeded before it, or if interrupted."""
    deadline = _current.deadline
    if deadline is None:
        return call(*args, **kwargs)
    if deadline.is_over():  # Also where it would roll back to a savepoint: the whole transaction is undone.
        raise DeadlineExceeded(deadline.seconds)
    result = deadline.run(driver, call, *args, **kwargs)
    if deadline.writes and not _is_select(sql) and not driver.has_transaction():
        deadline.note_commit()  # Each statement outside of a transaction commits itself.
    return result


def run_fetch(driver: DriverConnection, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for reading a statement's rows, in which SQLite does most of its work."""
    deadline = _current.deadline
    return call(*args, **kwargs) if deadline is None else deadline.run(driver, call, *args, **kwargs)


def _is_select(sql: object) -> bool:
    return isinstance(sql, str) and sql.lstrip()[:6].upper() == "SELECT"
