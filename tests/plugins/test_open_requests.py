"""A request that has run for long gives way to those that have just begun, for at most half of its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import get_ident

import pytest

from webnet.database.deadlines import Deadline
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work

LONG_SECONDS = 60.0


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Call it with this thread's work and those of others: how long this one pauses."""

    def serve_beside(own: Work, *others: Work) -> list[float]:
        works = {own.thread: own} | {-number: other for number, other in enumerate(others, start=1)}
        monkeypatch.setattr(open_requests, "_works", works)
        pauses: list[float] = []
        open_requests.give_way(pauses.append)
        return pauses

    return serve_beside


def working_for(seconds: float, *, writes: bool = False, has_end: bool = True, given: float = 0) -> Work:
    deadline = Deadline(2 * LONG_SECONDS, writes=writes) if has_end else None
    started = time.monotonic() - seconds
    return Work(thread=get_ident(), deadline=deadline, started=started, given_seconds=given)


def quick() -> Work:
    """One that stays quick, however long the test takes."""
    return working_for(-LONG_SECONDS)


def long(**options: object) -> Work:
    return working_for(LONG_SECONDS, **options)  # type: ignore[arg-type]


def test_a_long_request_pauses_for_a_quick_one(serve) -> None:
    assert serve(long(), long(), quick()) == [open_requests.PAUSE_SECONDS]


def test_nobody_pauses_for_long_ones_or_for_what_has_no_end(serve) -> None:
    assert serve(long()) == []
    assert serve(long(), long(), working_for(-LONG_SECONDS, has_end=False)) == []


def test_what_is_quick_or_writes_or_has_no_end_pauses_for_nobody(serve) -> None:
    assert serve(quick(), quick()) == []
    assert serve(long(writes=True), quick()) == []
    assert serve(long(has_end=False), quick()) == []


def test_a_long_request_gives_at_most_half_of_its_time(serve) -> None:
    assert serve(long(given=LONG_SECONDS * 0.49), quick()) != []
    assert serve(long(given=LONG_SECONDS * 0.51), quick()) == []


def test_what_was_given_is_counted(serve) -> None:
    own = long()

    serve(own, quick())

    assert own.given_seconds > 0
