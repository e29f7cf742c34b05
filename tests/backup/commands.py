"""Runs webnet's commands in this process, and reads what they print."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def run(*arguments: object) -> str:
    """What a command prints that succeeds, warnings included."""
    printed = io.StringIO()
    call_command(*map(str, arguments), stdout=printed, stderr=printed, no_color=True)
    return printed.getvalue()


def refuse(*arguments: object) -> str:
    """Why a command is refused."""
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    return str(refused.value)


def restore(folder: Path, *arguments: str) -> str:
    """Restore over what is there, without a question."""
    return run("restore", folder, "--replace", "--no-input", *arguments)
