"""Run as `python -m webnet.sdk.trial.leash MODULE …`: runs the module, and ends when the process that started it ends.

The starter holds the other end of stdin and writes nothing to it. A starter that is killed can't end what it has
started, but its end of the pipe is closed in any case.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from threading import Thread


def main() -> None:
    """Run the module as `python -m` would; its stdin is empty."""
    leash = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    Thread(target=_end_with_starter, args=(leash,), name="leash", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_starter(leash: int) -> None:
    """Kill this process and those that it has started: they are all in one process group."""
    while os.read(leash, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
