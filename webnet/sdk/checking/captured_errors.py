"""Captures the errors that webnet logs for a plugin, whose texts it does not return to clients."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from webnet.containment import REFUSED_VALUE, format_error


class CapturedErrors(logging.Handler):
    """A logging handler that collects the exceptions of log records, oldest first.

    `has_refused` is whether one was about a value of the client, which the response does not call a failure.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[BaseException] = []
        self.has_refused = False

    def emit(self, record: logging.LogRecord) -> None:
        refused = getattr(record, REFUSED_VALUE, None)
        raised = refused or (record.exc_info[1] if record.exc_info else None)
        self.has_refused = self.has_refused or refused is not None
        if raised is not None:
            self.errors.append(raised)

    def describe_last(self, otherwise: str = "it failed") -> str:
        """A description of the last error."""
        return f"it raised {format_error(self.errors[-1])}" if self.errors else otherwise


@contextmanager
def capture_errors() -> Iterator[CapturedErrors]:
    """Capture the errors that are logged in the block."""
    logger, captured = logging.getLogger("webnet"), CapturedErrors()
    logger.addHandler(captured)
    try:
        yield captured
    finally:
        logger.removeHandler(captured)
