"""Finds requests that hang in a plugin, pauses the plugin and replaces the worker.

Python can't interrupt a thread, so one that hangs remains until it returns or its process ends.
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

from webnet import black_box
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.open_requests import Work
from webnet.server.background import hung_plugins
from webnet.server.background.hung_plugins import HungPlugin, find_culprit

logger = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 0.5


def watch(replace_thread: Callable[[], None], hand_over: Callable[[], None] | None) -> AbstractContextManager[None]:
    """The watchdog; none in a single process with WEBNET_DEBUG, where a breakpoint would look like a hung plugin."""
    if settings.DEBUG and hand_over is None:
        return nullcontext()
    return Watchdog(replace_thread=replace_thread, hand_over=hand_over)


class Watchdog:
    """A thread that checks the requests of its process; a context manager, entered on the event loop's thread.

    For each request that hangs, `replace_thread` is called, so that requests in the queue are served; then `hand_over`
    has the process replaced, if a supervisor can do that. The event loop is checked as well: a plugin that blocks it
    stops the whole process.
    """

    def __init__(self, *, replace_thread: Callable[[], None], hand_over: Callable[[], None] | None = None) -> None:
        self._replace_thread = replace_thread
        self._hand_over = hand_over
        self._stopping = Event()
        self._entered = ExitStack()
        self._known: WeakSet[Work] = WeakSet()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._turn = self._entered.enter_context(open_requests.working(""))
        black_box.beat()  # from now on it serves, and its parent counts on it
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._entered.close()

    def _run(self) -> None:
        while not self._stopping.wait(CHECK_INTERVAL_SECONDS):
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                self._loop.call_soon_threadsafe(self._renew_turn)
            if found := self._find_hung():
                hung_plugins.pause_all(found)
                for _ in found:
                    self._replace_thread()
                if self._hand_over is not None:
                    self._hand_over()

    def _renew_turn(self) -> None:
        """Reset the time of the event loop's turn; the loop calls this itself as soon as it can."""
        self._turn.renew()
        black_box.beat()
        self._known.discard(self._turn)

    def _find_hung(self) -> list[HungPlugin]:
        """Plugins that hang and were not found before; slow requests outside of plugins are ignored."""
        found = []
        for work in open_requests.find_overdue(settings.WEBNET_REQUEST_DEADLINE):
            culprit = find_culprit(work.thread)
            # Checked after reading the stack, since the thread may have started another request meanwhile.
            if culprit is None or work in self._known or not open_requests.is_going_on(work):
                continue
            self._known.add(work)
            logger.error("Plugin '%s' hangs in %s (%s).", culprit.plugin, culprit.place, work.path)
            found.append(hung_plugins.describe_hang(work, culprit))
        return found
