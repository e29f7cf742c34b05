"""Finds requests that hang in a plugin: the plugin is paused, and the worker replaced.

Python can't interrupt a thread: one that hangs stays behind until it returns or its process ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from threading import Event, Thread
from types import TracebackType
from weakref import WeakSet

from django.conf import settings

from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work
from webnet.server import hung_plugins
from webnet.server.hung_plugins import Stuck
from webnet.server.stack_owner import find_culprit

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


def watch(replace_thread: Callable[[], None], leave: Callable[[], None] | None) -> AbstractContextManager[None]:
    """The watchdog; none where a developer's breakpoint would look like a plugin that hangs."""
    if settings.DEBUG and leave is None:
        return nullcontext()
    return Watchdog(replace_thread=replace_thread, leave=leave)


class Watchdog:
    """A thread that looks at the requests of its process; a context, entered on the thread of the event loop.

    `replace_thread` is called for each that hangs, so that what waits in the process goes on, and then `leave`, which
    ends the process where somebody makes another one. The event loop itself is watched as well: a plugin that blocks
    it has stopped all of the process.
    """

    def __init__(self, *, replace_thread: Callable[[], None], leave: Callable[[], None] | None = None) -> None:
        self._replace_thread = replace_thread
        self._leave = leave
        self._ending = Event()
        self._entered = ExitStack()
        self._known: WeakSet[Work] = WeakSet()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._turn = self._entered.enter_context(open_requests.working(""))
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.set()
        self._entered.close()

    def _run(self) -> None:
        hung_plugins.pause_noted()
        while not self._ending.wait(LOOK_SECONDS):
            with suppress(RuntimeError):  # the loop has ended in the meantime
                self._loop.call_soon_threadsafe(self._renew_turn)
            if found := self._look():
                hung_plugins.pause_all(found)
                for _ in found:
                    self._replace_thread()
                if self._leave is not None:
                    self._leave()

    def _renew_turn(self) -> None:
        """Called by the event loop as soon as it gets to it."""
        self._turn.renew()
        self._known.discard(self._turn)

    def _look(self) -> list[Stuck]:
        """What hangs and was not seen before; slow work of the host's own is left alone."""
        found = []
        for work in open_requests.find_overdue(settings.WEBNET_REQUEST_DEADLINE):
            culprit = find_culprit(work.thread)
            # Asked after the stack was read: the thread may have begun another request meanwhile.
            if culprit is None or work in self._known or not open_requests.is_going_on(work):
                continue
            self._known.add(work)
            logger.error("Plugin '%s' hangs in %s (%s).", culprit.plugin, culprit.place, work.path)
            found.append(hung_plugins.describe(work, culprit))
        return found
