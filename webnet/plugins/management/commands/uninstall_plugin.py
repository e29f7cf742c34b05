"""Uninstalls a plugin: exports its rows, then deletes everything that belongs to it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor
from webnet.errors import Refusal
from webnet.plugins.lifecycle.uninstall import UninstallReview
from webnet.plugins.manager import manager
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        "Uninstalls a plugin: exports its rows to a file in the data folder, reverses its migrations, and deletes its "
        "settings, secrets, customers' choices, health results, content types and permissions. The audit log is kept. "
        "The plugin must be disabled, and listed in WEBNET_PLUGINS for this command but for no running server."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plugin", help=f"the plugin's name, as '{PROGRAM} list_plugins' prints it")
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument(
            "--dry-run", action="store_true", help="only show what would be deleted, and what prevents it"
        )
        group.add_argument("--yes", action="store_true", help="uninstall it")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor, plugin = Actor.system("command: uninstall_plugin"), options["plugin"]
        try:
            if options["dry_run"]:
                self._print_review(manager.review_uninstall(plugin, actor=actor))
                return
            done = manager.uninstall(plugin, actor=actor, reason=options["reason"], progress=self._print_progress)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        self.stdout.write(f"Uninstalled '{plugin}'; its rows are in {done.file}")

    def _print_review(self, found: UninstallReview) -> None:
        for table, count in found.count_rows().items():
            self.stdout.write(f"{count:8} {table}")
        for migration in found.migrations:
            self.stdout.write(f" reverse {found.label}.{migration}")
        for obstacle in found.obstacles:
            self.stdout.write(self.style.ERROR(f"prevented: {obstacle.message}"))
        if found.obstacles:
            sys.exit(1)
        self.stdout.write(f"'{found.row.name}' can be uninstalled.")

    def _print_progress(self, table: str, count: int) -> None:
        self.stdout.write(f"exported {count:8} {table}")
