"""Which thread works on which request, since when and until when: what hangs in a plugin, or is over time, is found.

It is also known here who has run for long, and gives way to those who have just begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident

from django.conf import settings

from webnet.customers.access import Actor
from webnet.database.deadlines import Deadline, until

# How long a request counts as quick: ten times what most of them take.
QUICK_SECONDS = 0.1
# About a third of what a quick request takes, and much longer than a thread needs to go on.
PAUSE_SECONDS = 0.002


@dataclass(eq=False, kw_only=True)
class Work:
    """One request on one thread; `started` is by the monotonic clock.

    `actor` is None until it is known, and `customer_id` until the actor was let into a customer's view, or has no other
    customer. `deadline` is None for what has no end of its own, such as the event loop. `is_request` is False
    for what has a thread of its own within a request; `given_seconds` is how long it gave way to others.
    """

    thread: int
    path: str = ""
    deadline: Deadline | None = None
    actor: Actor | None = None
    customer_id: int | None = None
    is_request: bool = True
    started: float = field(default_factory=time.monotonic)
    given_seconds: float = 0.0

    def renew(self) -> None:
        """Restart its time, since it has made progress."""
        self.started = time.monotonic()
        if self.deadline is not None:
            self.deadline.renew()


def make_deadline(*, writes: bool) -> Deadline | None:
    """The time of a request that begins now; None with WEBNET_DEBUG, where a breakpoint may take its time."""
    return None if settings.DEBUG else Deadline(settings.WEBNET_REQUEST_SECONDS, writes=writes)


@contextmanager
def working(path: str, deadline: Deadline | None = None, *, is_request: bool = True) -> Iterator[Work]:
    """Register that this thread works on a request for that path."""
    work = Work(thread=get_ident(), path=path, deadline=deadline, is_request=is_request)
    _works[work.thread] = work
    try:
        with until(deadline):
            yield work
    finally:
        _works.pop(work.thread, None)


def name_actor(actor: Actor) -> None:
    """Set the actor that this thread works for."""
    work = _works.get(get_ident())
    if work is not None:
        work.actor, work.customer_id = actor, None


def name_customer(customer_id: int) -> None:
    """Set the customer that this thread works for."""
    work = _works.get(get_ident())
    if work is not None:
        work.customer_id = customer_id


def find_overdue(seconds: float) -> list[Work]:
    """Everything that started, or was last renewed, longer ago than that."""
    longest_allowed = time.monotonic() - seconds
    # A copy: other threads add and remove theirs meanwhile.
    return [work for work in list(_works.values()) if work.is_request and work.started < longest_allowed]


def interrupt_overdue() -> list[Work]:
    """Interrupt the statements of those that only read and are over their time; what was interrupted."""
    return [work for work in list(_works.values()) if work.deadline is not None and work.deadline.enforce()]


def give_way(pause: Callable[[float], object] = time.sleep) -> None:
    """Pause for a moment if this thread's request has run for long while one that has just begun runs as well.

    Only one thread computes at a time in a process: without this, each step of a quick request would wait for all slow
    ones, whoever sends them. A slow one gives at most half of its time, so that it ends whatever the others do. A
    change holds locks, so it gives none.
    """
    work = _works.get(get_ident())
    if work is None or work.deadline is None or work.deadline.writes:
        return
    now = time.monotonic()
    spent = now - work.started
    if spent < QUICK_SECONDS or 2 * work.given_seconds >= spent:
        return
    if any(now - other.started < QUICK_SECONDS for other in list(_works.values()) if other.deadline is not None):
        pause(PAUSE_SECONDS)
        work.given_seconds += time.monotonic() - now


def is_going_on(work: Work) -> bool:
    """Whether its thread still works on it."""
    return _works.get(work.thread) is work


# By thread. Single operations on a dict are atomic, so there is no lock.
_works: dict[int, Work] = {}
