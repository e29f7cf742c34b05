"""The statements of a block, without what differs from one call to the next."""

from __future__ import annotations

import re

from django.test.utils import CaptureQueriesContext

VALUES = re.compile(r"""'(?:[^']|'')*'|"s\d+_x\d+"|\b\d+\b|\bNULL\b""")


def shapes_of(statements: CaptureQueriesContext) -> list[str]:
    """The SQL of each statement, with a question mark for each value."""
    return [VALUES.sub("?", statement["sql"]) for statement in statements]
