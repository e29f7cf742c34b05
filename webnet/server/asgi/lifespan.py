"""The start and the end of a serving process, as ASGI's lifespan protocol has them."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import current_thread, main_thread
from types import FrameType

from webnet import black_box
from webnet.api.events.log_tail import end_all
from webnet.server.asgi.types import Receive, Send

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve_lifespan(receive: Receive, send: Send) -> None:
    """Handle the lifespan protocol, and end open streams on shutdown before the server waits for them."""
    await receive()
    before_stopping(_begin_to_end)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    end_all()
    await send({"type": "lifespan.shutdown.complete"})


def _begin_to_end() -> None:
    black_box.announce_end()
    end_all()


def before_stopping(end: Callable[[], None]) -> None:
    """Call `end` as soon as a stop signal arrives, before the server's own handler of that signal.

    Servers send the lifespan's shutdown event only when all responses are complete, and streams never are. Call this
    after the server has installed its handlers, which it has when the lifespan starts.
    """
    if current_thread() is not main_thread():
        return
    for number in STOP_SIGNALS:
        _put_before(number, end)


def _put_before(number: signal.Signals, end: Callable[[], None]) -> None:
    former = signal.getsignal(number)

    def stop(received: int, frame: FrameType | None) -> None:
        end()
        if callable(former):
            former(received, frame)
        elif former == signal.SIG_DFL:
            signal.signal(received, signal.SIG_DFL)
            signal.raise_signal(received)

    signal.signal(number, stop)
