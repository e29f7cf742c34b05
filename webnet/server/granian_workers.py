"""The workers of `manage.py serve`: granian's own management of them, on one port that all of them share."""

from __future__ import annotations

import logging
import multiprocessing
import socket
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer

from webnet.server.draining import DRAIN_SECONDS
from webnet.server.listening_socket import BACKLOG
from webnet.server.worker import load_application, try_to_load

logger = logging.getLogger(__name__)

# A stream keeps its connection for hours; granian's own limit would let in a few hundred of them.
MOST_CONNECTIONS = 10_000
TRIAL_SECONDS = 120
SLACK_SECONDS = 5


class Fleet(MPServer):
    """granian, but on Linux too its workers inherit one listening socket, which this process keeps open.

    There granian opens a socket for each worker, and connections that wait at one are reset when its worker ends.
    Here they wait until any worker takes them, also while there is none.
    """

    def __init__(self, listener: socket.socket, **options: Any) -> None:
        super().__init__("webnet.asgi:application", **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sso = self._listener
        handle = self._listener.fileno()
        # granian's own types leave out what differs between systems. False: it is not a Unix socket.
        self._shd = SocketHolder(handle, False, BACKLOG)  # type: ignore[call-arg,assignment]  # noqa: FBT003

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """As granian does it, but only when a trial says that new workers will start, and with the time they need."""
        # Before the trial: a signal that comes from here on asks for another one, of what is installed then.
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        seconds = _try_start()
        if seconds is None:
            logger.error("New workers would not start: the old ones go on.")
        else:
            self.respawn_interval = seconds
            super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # as granian has it
            self._forget_replaced()
        # What came in the meantime must not be lost with the event, which granian clears too.
        if self.interrupt_signal or self.interrupt_children or self.reload_signal:
            self.main_loop_interrupt.set()

    def _respawn_workers(self, workers: Iterable[int], *args: Any, **options: Any) -> None:
        """One by one, and no further once the server is told to end."""
        for worker in workers:
            if not self.interrupt_signal:
                super()._respawn_workers([worker], *args, **options)

    def _forget_replaced(self) -> None:
        """Workers that died and are replaced already: granian would think that they can't live at all, and give up."""
        self.respawned_wrks.clear()
        # In place, since granian's own threads add to it.
        self.interrupt_children[:] = [each for each in self.interrupt_children if not self.wrks[each].is_alive()]


def serve(listener: socket.socket, *, workers: int) -> None:
    """Serve until the process is told to end; SIGHUP replaces the workers one by one.

    Each worker is a new interpreter and not a fork of this process, so it has the code that is installed when it
    starts.
    """
    multiprocessing.set_start_method("spawn", force=True)
    host, port = listener.getsockname()[:2]
    fleet = Fleet(
        listener,
        address=host,
        port=port,
        backlog=BACKLOG,
        backpressure=MOST_CONNECTIONS,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.WEBNET_REQUEST_DEADLINE + DRAIN_SECONDS + SLACK_SECONDS,
        log_dictconfig=settings.LOGGING,
        log_access=settings.DEBUG,
    )
    fleet.serve(target_loader=partial(load_application, listener.fileno()), wrap_loader=False)


def _try_start() -> float | None:
    """How long a worker takes to load all there is now; None when it can't."""
    started = time.monotonic()
    trial = multiprocessing.Process(target=try_to_load, daemon=True)
    trial.start()
    trial.join(TRIAL_SECONDS)
    if trial.is_alive():
        trial.kill()
        trial.join()
    return time.monotonic() - started if trial.exitcode == 0 else None
