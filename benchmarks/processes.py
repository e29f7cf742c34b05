"""The processes of a server that is measured."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def family_of(process: int) -> list[int]:
    """The process and all that descend from it."""
    found, waiting = [], [process]
    while waiting:
        found.append(waiting.pop())
        for task in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            with suppress(OSError):  # the thread has ended meanwhile
                waiting += [int(child) for child in task.read_text().split()]
    return found
