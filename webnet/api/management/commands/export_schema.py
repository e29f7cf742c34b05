"""Prints the schema's SDL, or compares it with a file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.api.schema import export_sdl, full_schema


class Command(BaseCommand):
    help = "Prints the GraphQL schema; with --check, exits with 1 and a diff where FILE is not the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", metavar="FILE", type=Path, help="compare with this file instead of printing")

    def handle(self, *args: Any, check: Path | None = None, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        current = export_sdl(full_schema())
        if check is None:
            self.stdout.write(current, ending="")
            return
        stored = _read(check)
        if stored == current:
            self.stdout.write(f"{check} is up to date.")
            return
        self.stdout.write(_diff(stored, current, name=str(check)), ending="")
        raise CommandError(f"{check} is not the schema of this code; 'make schema' writes it anew.", returncode=1)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.", returncode=1) from error


def _diff(stored: str, current: str, *, name: str) -> str:
    lines = difflib.unified_diff(
        stored.splitlines(keepends=True), current.splitlines(keepends=True), fromfile=name, tofile="this code"
    )
    return "".join(lines)
