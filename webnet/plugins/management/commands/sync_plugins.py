"""Reads the installed plugins anew and prints what was found."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig


class Command(BaseCommand):
    help = (
        "Reads the plugins named in WEBNET_PLUGINS anew: new ones are added, changed ones updated, and those that are "
        "gone become 'missing' and keep their data. Exits with 1 when a plugin failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        report = manager.sync(actor=Actor.system("command: sync_plugins"), reason=options["reason"])
        rows = PluginConfig.objects.in_bulk(field_name="name")
        for heading in ("added", "updated", "missing", "failed"):
            for name in getattr(report, heading):
                self._print(heading, rows[name])
        if not (report.added or report.updated or report.missing or report.failed):
            self.stdout.write(f"Nothing changed: {len(rows)} plugins, all as they were.")
        if report.failed:
            sys.exit(1)

    def _print(self, heading: str, row: PluginConfig) -> None:
        style = self.style.ERROR if heading in ("failed", "missing") else self.style.SUCCESS
        version = row.version or "no version"
        reason = f": {row.status_reason}" if row.status_reason else ""
        self.stdout.write(f"{style(f'{heading:8}')} {row.name} {version}{reason}")
