"""The worker processes of `manage.py serve`: managed by granian, with one listening socket for all of them."""

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
from granian.constants import HTTPModes, Interfaces, Loops
from granian.server.mp import MPServer

from webnet.server.draining import DRAIN_SECONDS
from webnet.server.listening_socket import BACKLOG
from webnet.server.worker import load_application, run_worker, try_to_load

logger = logging.getLogger(__name__)

# Streams keep their connections for hours, and granian's default would only allow a few hundred.
MAXIMUM_CONNECTIONS = 10_000
TRIAL_SECONDS = 120
SLACK_SECONDS = 5


class Fleet(MPServer):
    """granian's server, but its workers share one listening socket, which this process keeps open.

    On Linux granian opens a socket per worker, and connections that wait there are reset when the worker ends. With a
    shared socket they wait until any worker accepts them, even while there is none.
    """

    def __init__(self, listener: socket.socket, **options: Any) -> None:
        super().__init__("webnet.asgi:application", **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sso = self._listener
        handle = self._listener.fileno()
        # granian's types omit arguments that differ between platforms. False: this is not a Unix socket.
        self._shd = SocketHolder(handle, False, BACKLOG)  # type: ignore[call-arg,assignment]  # noqa: FBT003

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        """Reload like granian, but only if a trial start succeeds, and with the time that it took as the interval."""
        # Reset before the trial, so that a signal from now on causes another one, with the code installed by then.
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        seconds = _try_start()
        if seconds is None:
            logger.error("New workers fail to start: the old ones keep running.")
        else:
            self.respawn_interval = seconds
            super()._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # granian has no type here
            self._forget_replaced()
        # granian clears the event afterwards, so set it again for signals that arrived in the meantime.
        if self.interrupt_signal or self.interrupt_children or self.reload_signal:
            self.main_loop_interrupt.set()

    def _respawn_workers(self, workers: Iterable[int], *args: Any, **options: Any) -> None:
        """Replace the workers one by one, and stop once the server is asked to end."""
        for worker in workers:
            if not self.interrupt_signal:
                super()._respawn_workers([worker], *args, **options)

    def _forget_replaced(self) -> None:
        """Forget workers that died and have been replaced: granian would take them for crashing ones, and give up."""
        self.respawned_wrks.clear()
        # Changed in place, since granian's own threads append to it.
        self.interrupt_children[:] = [each for each in self.interrupt_children if not self.wrks[each].is_alive()]


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
        log_access=settings.DEBUG,
    )
    fleet.serve(spawn_target=run_worker, target_loader=partial(load_application, listener.fileno()), wrap_loader=False)


def _try_start() -> float | None:
    """How many seconds a worker takes to load the code that is installed now; None if it fails."""
    started = time.monotonic()
    trial = multiprocessing.Process(target=try_to_load, daemon=True)
    trial.start()
    trial.join(TRIAL_SECONDS)
    if trial.is_alive():
        trial.kill()
        trial.join()
    return time.monotonic() - started if trial.exitcode == 0 else None
