"""Which thread works on which request, and since when: so that one that hangs in a plugin can be found out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident

from webnet.customers.access import Actor


@dataclass(eq=False, kw_only=True)
class Work:
    """One request on one thread; `started` is by the monotonic clock, and `actor` is None until it is known."""

    thread: int
    path: str = ""
    actor: Actor | None = None
    started: float = field(default_factory=time.monotonic)

    def renew(self) -> None:
        """It has come on: what counts from here on is new."""
        self.started = time.monotonic()


@contextmanager
def working(path: str) -> Iterator[Work]:
    """Say that this thread works on a request for that path."""
    work = Work(thread=get_ident(), path=path)
    _works[work.thread] = work
    try:
        yield work
    finally:
        _works.pop(work.thread, None)


def name_actor(actor: Actor) -> None:
    """Say for whom this thread works."""
    work = _works.get(get_ident())
    if work is not None:
        work.actor = actor


def find_overdue(seconds: float) -> list[Work]:
    """All that was begun longer ago than that."""
    longest_allowed = time.monotonic() - seconds
    return [work for work in list(_works.values()) if work.started < longest_allowed]


def is_going_on(work: Work) -> bool:
    """Whether its thread has not come to an end of it."""
    return _works.get(work.thread) is work


_works: dict[int, Work] = {}
