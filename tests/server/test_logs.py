"""One record is one line, whatever is in it."""

import logging
import sys

from webnet.server.logs import OneLineFormatter


def test_a_message_can_not_forge_a_second_line() -> None:
    record = logging.LogRecord("webnet", logging.INFO, __file__, 1, "name is %s", ("x\r\nERROR forged",), None)

    line = OneLineFormatter().format(record)

    assert line.splitlines() == [line]
    assert line.endswith(r"INFO webnet: name is x\r\nERROR forged")


def test_a_traceback_stays_in_its_line() -> None:
    try:
        int("broken")
    except ValueError:
        record = logging.LogRecord("webnet", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())

    line = OneLineFormatter().format(record)

    assert line.splitlines() == [line]
    assert "ValueError: invalid literal" in line
