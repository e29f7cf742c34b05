"""Prints the GraphQL schema as SDL, or compares it with a file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.api.request.reader import Reading
from webnet.api.schema import full_schema
from webnet.api.superset.sdl import export_superset
from webnet.api.visibility import schema_without, visible_schema
from webnet.customers.access import Actor
from webnet.errors import Refusal
from webnet.plugins.registry import registry
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        "Prints the GraphQL schema without any plugin, with --customer as this customer sees it now, or with --all "
        "what clients are built with: all installed plugins, each part marked with its plugin, and null allowed for "
        "each field that may not exist for a customer. With --check, prints a diff and exits with 1 when FILE differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument(
            "--customer", metavar="SLUG", help="include the plugins that are effective for this customer"
        )
        whose.add_argument("--all", action="store_true", help="include all plugins that are installed here")
        parser.add_argument("--check", metavar="FILE", type=Path, help="compare with this file instead of printing")

    def handle(self, *_args: Any, customer: str | None = None, check: Path | None = None, **options: Any) -> None:
        is_superset = bool(options.get("all"))
        current = self._export_all() if is_superset else _export(customer)
        if check is None:
            self.stdout.write(current, ending="")
            return
        stored = _read(check)
        if stored == current:
            self.stdout.write(f"{check} is up to date.")
            return
        self.stdout.write(_diff(stored, current, name=str(check)), ending="")
        choice = " --all" if is_superset else f" --customer {customer}" if customer is not None else ""
        raise CommandError(f"{check} is out of date: run '{PROGRAM} export_schema{choice} > {check}'.", returncode=1)

    def _export_all(self) -> str:
        sdl = export_superset(full_schema())
        for entry in registry.entries():
            if entry.status != "loaded":
                reason = f"'{entry.name}' is not loaded, so this schema lacks it: {entry.reason}"
                self.stderr.write(self.style.WARNING(reason))
        return sdl


def _export(customer: str | None) -> str:
    if customer is None:
        return schema_without(full_schema().owners.plugins).export()
    reading = Reading(actor=Actor.system("command: export_schema"), platform_token=None)
    try:
        reading.enter_view(customer)
    except Refusal as refusal:
        raise CommandError(refusal.message, returncode=1) from None
    return visible_schema(reading).export()


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
