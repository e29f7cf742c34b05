"""Formats log records, for people or for machines, so that none can be mistaken for another one."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

import orjson

from webnet.containment import PLUGIN_TRACEBACK
from webnet.errors import shorten

# The attribute of a record with what is known about its request, by name.
REQUEST_FIELDS = "request_fields"
CONTINUED = "  | "
# What a client sent may be in either, and a hundred times in a traceback, of which the beginning and the end are kept.
MAXIMUM_LINE = 2_000
MAXIMUM_TRACEBACK_LINE = 500
MAXIMUM_TRACEBACK_LINES = 200
# Tokens of the API and of invitations, which may be in any path that Django logs.
_SECRET = re.compile(r"(?<![A-Za-z0-9_])w[in]_[A-Za-z0-9_-]{30,}")
HIDDEN = "***"
# All that a terminal or a collector of logs may take for the end of a line or for a command, except for tabs.
ESCAPED = {code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029) if code != ord("\t")}


def without_secrets(text: str) -> str:
    """The text with asterisks in place of tokens."""
    return _SECRET.sub(HIDDEN, text)


class RefusalFilter(logging.Filter):
    """Leaves out what Django says of a refused request, which has its line of webnet's: any client can cause many.

    So can clients that leave: what was done for them ends with 504.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "django.request" or getattr(record, "status_code", 500) == 500


class OncePerMinute(logging.Filter):
    """Lets one record of a handler pass in a minute, where what repeats itself says nothing new."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.created < self._next:
            return False
        self._next = record.created + 60
        return True


class RecordFormatter(logging.Formatter):
    """Time in UTC, level, logger and message in one line; each line of a traceback follows after `  | `.

    Control characters of the message, which may come from a client, are escaped, and long lines are cut. Tracebacks of
    plugins that could not be loaded, or whose hooks failed, are left out where `shows_plugin_tracebacks` is false: in
    commands without -v2.
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
        message = shorten(without_secrets(self.formatMessage(record)), MAXIMUM_LINE)
        lines = [message, *(CONTINUED + line for line in self.find_traceback(record))]
        return "\n".join(line.translate(ESCAPED) for line in lines)

    def find_traceback(self, record: logging.LogRecord) -> list[str]:
        """The lines of the record's traceback; of a long one the beginning and the end.

        None where Django says what is wrong with a request: a sentence will do for what any client can cause.
        """
        if record.name.startswith("django.security"):
            return []
        details = "\n".join(self._find_details(record)).rstrip()
        lines = details.split("\n") if details else []
        if len(lines) > MAXIMUM_TRACEBACK_LINES:
            half = MAXIMUM_TRACEBACK_LINES // 2
            lines = [*lines[:half], "[…]", *lines[-half:]]
        return [shorten(without_secrets(line), MAXIMUM_TRACEBACK_LINE) for line in lines]

    def _find_details(self, record: logging.LogRecord) -> Iterator[str]:
        text: str | None = getattr(record, PLUGIN_TRACEBACK, None)
        if text is None or self.shows_plugin_tracebacks:
            if text:
                yield text
            if record.exc_info:
                yield self.formatException(record.exc_info)
        if record.stack_info:
            yield self.formatStack(record.stack_info)


class JsonFormatter(RecordFormatter):
    """One JSON object in a line: time, level, logger, message, what the record is about, and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": shorten(without_secrets(record.getMessage()), MAXIMUM_LINE),
            **getattr(record, REQUEST_FIELDS, {}),
        }
        if lines := self.find_traceback(record):
            line["traceback"] = "\n".join(lines)
        # ASCII alone, so that no terminal or collector takes a part of it for the end of a line or for a command.
        try:
            written = orjson.dumps(line, default=str)
            if written.isascii():
                return written.decode()
        except TypeError:  # an integer of more than 64 bits, or half of a character
            pass
        return json.dumps(line, default=str, separators=(",", ":"))
