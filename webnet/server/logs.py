"""Formats log records: a line for each, then its traceback, so that neither can be mistaken for another record."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import ClassVar

from webnet.containment import PLUGIN_TRACEBACK

CONTINUED = "  | "
# All that a terminal or a collector of logs may take for the end of a line or for a command, except for tabs.
ESCAPED = {code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029) if code != ord("\t")}


class RecordFormatter(logging.Formatter):
    """Time in UTC, level, logger and message in one line; each line of a traceback follows after `  | `.

    Control characters of the message, which may come from a client, are escaped. Tracebacks of plugins that could not
    be loaded, or whose hooks failed, are left out where `shows_plugin_tracebacks` is false: in commands without -v2.
    """

    shows_plugin_tracebacks: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """UTC, in any time zone."""
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and those of its traceback."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        details = "\n".join(self._find_details(record)).rstrip()
        lines = [self.formatMessage(record), *(CONTINUED + line for line in details.split("\n") if details)]
        return "\n".join(line.translate(ESCAPED) for line in lines)

    def _find_details(self, record: logging.LogRecord) -> Iterator[str]:
        text: str | None = getattr(record, PLUGIN_TRACEBACK, None)
        if text is None or self.shows_plugin_tracebacks:
            if text:
                yield text
            if record.exc_info:
                yield self.formatException(record.exc_info)
        if record.stack_info:
            yield self.formatStack(record.stack_info)
