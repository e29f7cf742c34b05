"""Formats log records as one line each, for tools that collect stderr."""

import logging
import time


class OneLineFormatter(logging.Formatter):
    """Time in UTC, level, logger and message; line breaks, also of tracebacks, are written as `\\n`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """UTC, in any time zone."""
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, so that text sent by a client can't forge another record."""
        return super().format(record).replace("\r", "\\r").replace("\n", "\\n")
