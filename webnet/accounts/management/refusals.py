"""How a refusal ends a command: its sentence on stderr, and the exit code 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from webnet.errors import Refusal


@contextmanager
def refusals_as_command_errors() -> Iterator[None]:
    """Turn what a writer refuses into Django's CommandError."""
    try:
        yield
    except Refusal as refusal:
        raise CommandError(refusal.message) from refusal
