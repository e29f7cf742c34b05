"""Runs plugins' code off the caller's thread, each plugin on its own few threads, so that none waits for another."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

from django.db import connections
from django.urls import get_script_prefix, set_script_prefix

from webnet.errors import WebnetError
from webnet.request_record import RequestRecord, current_record

# What `start` returns, the script prefix and the request of its caller, and the call.
Job: TypeAlias = "tuple[Future[Any], str, RequestRecord | None, Callable[[], Any]]"

# Enough for health checks and widgets at the same time; not more, since all of them may hang forever.
THREADS_PER_PLUGIN = 4


class LaneBlocked(WebnetError):
    """Every thread of the plugin hangs."""


class Lane:
    """One plugin's threads: at most `threads` at once; more work waits until one of them is free.

    Python can't stop a thread: one that hangs stays behind, as a daemon, until it returns or the process ends. While
    each has been busy with its call for longer than `patience_seconds`, new work is refused at once.
    """

    def __init__(self, name: str, *, threads: int = THREADS_PER_PLUGIN, patience_seconds: float) -> None:
        self._name = name
        self._threads = threads
        self._patience_seconds = patience_seconds
        self._waiting: deque[Job] = deque()
        self._started: dict[int, float] = {}
        self._lock = threading.Lock()

    def start(self, call: Callable[[], Any]) -> Future[Any]:
        """Run it soon; its future can be cancelled until it starts. Raises LaneBlocked."""
        future: Future[Any] = Future()
        with self._lock:
            # Read the clock under the lock: a thread that takes its call meanwhile would seem to start in the future.
            longest_allowed = time.monotonic() - self._patience_seconds
            if len(self._started) < self._threads:
                thread = threading.Thread(target=self._work, name=f"lane-{self._name}", daemon=True)
                # Counted here and not by the thread itself: the next caller may come before it runs.
                self._started[id(thread)] = time.monotonic()
                thread.start()
            elif all(started <= longest_allowed for started in self._started.values()):
                raise LaneBlocked(f"'{self._name}' is still busy with earlier calls.")
            self._waiting.append((future, get_script_prefix(), current_record.get(), call))
        return future

    def _work(self) -> None:
        """The loop of one thread: it ends when no work waits, and `start` creates another."""
        me = id(threading.current_thread())
        while True:
            with self._lock:
                if not self._waiting:
                    del self._started[me]
                    return
                self._started[me] = time.monotonic()
                job = self._waiting.popleft()
            _run(*job)


def _run(future: Future[Any], script_prefix: str, record: RequestRecord | None, call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    # Django keeps it per thread; it is the beginning of every address.
    set_script_prefix(script_prefix)
    token = current_record.set(record)
    try:
        try:
            result = call()
        finally:
            current_record.reset(token)
            connections.close_all()  # They belong to this thread, and nothing else would close them.
    except BaseException as error:  # noqa: BLE001 - the caller handles it, including a plugin's sys.exit()
        future.set_exception(error)
    else:
        future.set_result(result)
