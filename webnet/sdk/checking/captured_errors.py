"""Hears what webnet logs of a plugin's errors, whose texts it shows to nobody else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from webnet.containment import format_error


class Heard(logging.Handler):
    """The errors that were logged with their exceptions, oldest first."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.errors.append(record.exc_info[1])

    def tell(self, otherwise: str = "it failed") -> str:
        """What the last one was."""
        return f"it raised {format_error(self.errors[-1])}" if self.errors else otherwise


@contextmanager
def listening() -> Iterator[Heard]:
    """Hear what is logged in the block."""
    logger, heard = logging.getLogger("webnet"), Heard()
    logger.addHandler(heard)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)
