"""Ends open streams when the process is told to stop; a server waits for them, and would wait for ever."""

from __future__ import annotations

import signal
from collections.abc import Callable
from threading import current_thread, main_thread
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def before_stopping(end: Callable[[], None]) -> None:
    """Call `end` as soon as a signal to stop arrives, then whatever the server does about that signal.

    To be called once the server has set its own handlers, which the start of ASGI's lifespan is after. Servers tell
    an application that they stop only when every answer is at its end, and a stream has none.
    """
    if current_thread() is not main_thread():
        return
    for number in SIGNALS:
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
