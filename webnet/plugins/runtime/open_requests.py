"""Which thread works on which request, and since when, so that one that hangs in a plugin can be found."""

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
        """Restart its time, since it has made progress."""
        self.started = time.monotonic()


@contextmanager
def working(path: str) -> Iterator[Work]:
    """Register that this thread works on a request for that path."""
    work = Work(thread=get_ident(), path=path)
    _works[work.thread] = work
    try:
        yield work
    finally:
        _works.pop(work.thread, None)


def name_actor(actor: Actor) -> None:
    """Set the actor that this thread works for."""
    work = _works.get(get_ident())
    if work is not None:
        work.actor = actor


def find_overdue(seconds: float) -> list[Work]:
    """Everything that started, or was last renewed, longer ago than that."""
    longest_allowed = time.monotonic() - seconds
    # A copy: other threads add and remove theirs meanwhile.
    return [work for work in list(_works.values()) if work.started < longest_allowed]


def is_going_on(work: Work) -> bool:
    """Whether its thread still works on it."""
    return _works.get(work.thread) is work


# By thread. Single operations on a dict are atomic, so there is no lock.
_works: dict[int, Work] = {}
