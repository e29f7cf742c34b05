"""The worker processes of `manage.py serve`: managed by granian, with one listening socket for all of them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias

from django.conf import settings
from granian._granian import SocketHolder
from granian._loops import loops
from granian.constants import HTTPModes, Interfaces, Loops
from granian.server.mp import MPServer

from webnet import black_box
from webnet import metrics as _metrics  # noqa: F401 - first, since it changes the environment, as no plugin may
from webnet.server.asgi.draining import DRAIN_SECONDS
from webnet.server.event_loop import make_loop
from webnet.server.listening_socket import BACKLOG
from webnet.server.worker import GRACE_SECONDS, load_application, stop_with_parent, try_to_load

logger = logging.getLogger(__name__)

# granian's WorkerProcess, whose methods have no types.
Worker: TypeAlias = Any

# Streams keep their connections for hours, and granian's default would only allow a few hundred.
MAXIMUM_CONNECTIONS = 10_000
TRIAL_SECONDS = 120
# How long the old worker waits for the new one, which a machine may give little time.
START_SECONDS = 120
SLACK_SECONDS = 5
POLL_SECONDS = 0.05
HEARTBEAT_SECONDS = 1


class Flag:
    """What granian uses of a `threading.Event`, for signal handlers.

    A handler that sets an Event waits for ever if its signal comes while the main thread holds the Event's lock. And a
    signal that another thread receives, because the main one is busy with an earlier signal, does not end a wait of the
    main thread, without which Python calls no handler.
    """

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True

    def clear(self) -> None:
        self._is_set = False

    def wait(self) -> None:
        """Wait until it is set."""
        while not self._is_set:
            time.sleep(POLL_SECONDS)


class Fleet(MPServer):
    """granian's server, but its workers share one listening socket, and this process watches them.

    On Linux granian opens a socket per worker, and connections that wait there are reset when the worker ends. With a
    shared socket they wait until any worker accepts them, even while there is none. Nothing that this process waits for
    makes it miss a signal to end.
    """

    def __init__(self, listener: socket.socket, **options: Any) -> None:
        super().__init__("webnet.asgi:application", **options)
        self._listener = listener
        self.main_loop_interrupt = Flag()  # type: ignore[assignment]  # granian's is a threading.Event
        # Workers that are being replaced: granian no longer knows them.
        self._retiring: list[Worker] = []

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sso = self._listener
        handle = self._listener.fileno()
        # granian's types omit arguments that differ between platforms. False: this is not a Unix socket.
        self._shd = SocketHolder(handle, False, BACKLOG)  # type: ignore[call-arg,assignment]  # noqa: FBT003

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        Thread(target=self._watch_workers, name="workers", daemon=True).start()
        super()._serve_loop(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # granian has no type here

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace the workers one by one, but only if a trial start succeeds."""
        # Reset before the trial, so that a signal from now on causes another one, with the code installed by then.
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if self._try_start():
            for worker in range(self.workers):
                if not self.interrupt_signal:
                    self._respawn_workers([worker], spawn_target, target_loader)
            self._forget_replaced()
        elif not self.interrupt_signal:
            logger.error("New workers fail to start: the old ones keep running.")
        # For signals that arrived in the meantime.
        if self.interrupt_signal or self.interrupt_children or self.reload_signal:
            self.main_loop_interrupt.set()

    def _respawn_workers(
        self,
        workers: Iterable[int],
        spawn_target: Any,
        target_loader: Any,
        delay: float = 0,  # noqa: ARG002 - granian's; a worker is given the time that it takes until it serves
    ) -> None:
        """Start a new worker for each of these numbers, and end the old ones as soon as the new ones serve."""
        started: dict[int, Worker] = {}
        self._retiring = []
        for number in dict.fromkeys(workers):
            self._retiring.append(self.wrks[number])
            self.wrks[number] = started[number] = self._spawn_worker(
                idx=number, target=spawn_target, callback_loader=target_loader
            )
            started[number].start()
        deadline = time.monotonic() + START_SECONDS
        while any(_is_starting(worker) for worker in started.values()):
            if self.interrupt_signal or time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
        for number, worker in started.items():
            # What dies within seconds of this time is to granian a worker that fails to start, and it gives up. A
            # plugin may end one that has served at any time; it is replaced as often as that happens.
            if not worker.is_alive() and not _has_served(worker):
                self.respawned_wrks[number] = time.monotonic()
        if not self.interrupt_signal:
            self._end(self._retiring)

    def _try_start(self) -> bool:
        """Whether a worker could load the code that is installed now."""
        trial = multiprocessing.Process(target=try_to_load, daemon=True)
        trial.start()
        deadline = time.monotonic() + TRIAL_SECONDS
        while trial.is_alive() and time.monotonic() < deadline and not self.interrupt_signal:
            trial.join(POLL_SECONDS)
        if trial.is_alive():
            trial.kill()
            trial.join()
        return trial.exitcode == 0

    def _stop_workers(self) -> None:
        self._end([*self.wrks, *self._retiring], is_last=True)
        self.wrks.clear()

    def _end(self, workers: Iterable[Worker], *, is_last: bool = False) -> None:
        """Tell them to end, wait, and kill those that do not; `_stop_workers` takes over once the server shall end."""
        left = list(workers)
        for worker in left:
            # Not of one that has died: the new worker may not have read yet in which plugin.
            if worker.is_alive():
                black_box.announce_end_of(_boxes(), worker.inner.pid or 0)
            worker.terminate()
        patience = self.workers_kill_timeout or 0
        if not is_last and any(_asks_for_replacement(worker) for worker in left):
            patience = min(patience, DRAIN_SECONDS + GRACE_SECONDS)  # what hangs in it would keep it alive
        deadline = time.monotonic() + patience
        while (left := [worker for worker in left if worker.is_alive()]) and time.monotonic() < deadline:
            if self.interrupt_signal and not is_last:
                return
            time.sleep(POLL_SECONDS)
        for worker in left:
            logger.warning("Worker %d does not end, and is killed.", worker.idx + 1)
            worker.kill()
            worker.join()

    def _watch_workers(self) -> None:
        """Replace workers that ask for it, and kill those whose event loop has not run for long."""
        longest_allowed = settings.WEBNET_REQUEST_DEADLINE + SLACK_SECONDS
        checked = time.monotonic()
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            # After a pause of the whole machine, or of its container, the workers need a moment as well.
            has_slept, checked = time.monotonic() - checked > longest_allowed / 2, time.monotonic()
            if not has_slept:
                self._kill_stuck(checked, longest_allowed)
            self._replace_hung()

    def _kill_stuck(self, now: float, longest_allowed: float) -> None:
        """Kill workers that accept connections and answer none; some can't even ask for a replacement."""
        workers: tuple[Worker, ...] = (*self.wrks, *self._retiring)
        for worker in workers:
            beat = black_box.read_beat(_boxes(), worker.inner.pid or 0)
            if beat is not None and now - beat > longest_allowed and worker.is_alive():
                logger.error("Worker %d has not moved for %d seconds: it is killed.", worker.idx + 1, now - beat)
                # granian's own `kill` would not have it replaced, which one that is retiring already is.
                (worker.inner if worker in self.wrks else worker).kill()

    def _replace_hung(self) -> None:
        """Have one worker replaced that asks for it. The others serve until it is their turn, so there is no gap."""
        if self.interrupt_children or self.interrupt_signal:
            return
        workers: tuple[Worker, ...] = tuple(self.wrks)
        for worker in workers:
            if _asks_for_replacement(worker) and worker.is_alive():
                self.interrupt_children.append(worker.idx)
                self.main_loop_interrupt.set()
                return

    def _forget_replaced(self) -> None:
        """Forget workers that died and have been replaced: granian would take them for crashing ones, and give up."""
        self.respawned_wrks.clear()
        # Changed in place, since granian's own threads append to it.
        self.interrupt_children[:] = [each for each in self.interrupt_children if not self.wrks[each].is_alive()]


def run_worker(*arguments: Any, **options: Any) -> None:
    """What granian runs in a worker. One whose event loop fails ends at once, and granian starts another.

    Python would first wait for threads, some of which may hang, while granian's own still accept connections.
    """
    Thread(target=stop_with_parent, name="parent", daemon=True).start()
    # What granian makes when it is asked for asyncio's own loop.
    loops.register(Loops.asyncio.value)(make_loop)
    try:
        MPServer._spawn_asgi_lifespan_worker(*arguments, **options)  # noqa: SLF001 - what granian would run itself
    except KeyboardInterrupt:  # Ctrl-C while the worker starts, which the terminal sends to every process
        os._exit(128 + signal.SIGINT)
    except BaseException:
        logger.exception("The worker has failed, and ends.")
        sys.stderr.flush()
        os._exit(1)


def _is_starting(worker: Worker) -> bool:
    return worker.is_alive() and not _has_served(worker)


def _has_served(worker: Worker) -> bool:
    return black_box.read_beat(_boxes(), worker.inner.pid or 0) is not None


def _asks_for_replacement(worker: Worker) -> bool:
    return black_box.asks_for_replacement(_boxes(), worker.inner.pid or 0)


def _boxes() -> Path:
    return settings.WEBNET_DATA_DIR / black_box.FOLDER


def serve(listener: socket.socket, *, workers: int) -> None:
    """Serve until a signal ends the process; SIGHUP replaces the workers one by one.

    Each worker is a new interpreter rather than a fork of this process, so it runs the code that is installed when it
    starts.
    """
    multiprocessing.set_start_method("spawn", force=True)
    host, port = listener.getsockname()[:2]
    fleet = Fleet(
        listener,
        address=host,
        port=port,
        backlog=BACKLOG,
        backpressure=MAXIMUM_CONNECTIONS,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,  # which a worker replaces by webnet's own
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.WEBNET_REQUEST_DEADLINE + DRAIN_SECONDS + SLACK_SECONDS,
        log_dictconfig=settings.LOGGING,
        log_access=False,  # `request_log` does
    )
    load = partial(load_application, listener.fileno(), workers=workers)
    fleet.serve(spawn_target=run_worker, target_loader=load, wrap_loader=False)
