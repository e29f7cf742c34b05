"""How log records look: one line each, so that whatever collects stderr can count on it."""

import logging
import time


class OneLineFormatter(logging.Formatter):
    """Time in UTC, level, logger and message; a line break, also in a traceback, is written as `\\n`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """UTC, whatever the machine's own time zone."""
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line: what a client sent can't forge a second one."""
        return super().format(record).replace("\r", "\\r").replace("\n", "\\n")
