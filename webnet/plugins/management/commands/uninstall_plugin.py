"""Takes a plugin away for good."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor
from webnet.errors import Refusal
from webnet.plugins.lifecycle.uninstall import UninstallReview
from webnet.plugins.manager import manager


class Command(BaseCommand):
    help = (
        "Takes a plugin away for good: writes its rows into a file in the data folder, reverses its migrations, and "
        "removes its settings, secrets, customers' choices, health results, content types and permissions. The audit "
        "log stays. The plugin must be disabled, in no running server's WEBNET_PLUGINS, and in this command's."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plugin", help="the plugin's name, as 'list_plugins' prints it")
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--dry-run", action="store_true", help="only say what would go, and what is in the way")
        group.add_argument("--yes", action="store_true", help="do it")
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor, plugin = Actor.system("command: uninstall_plugin"), options["plugin"]
        try:
            if options["dry_run"]:
                self._print_review(manager.review_uninstall(plugin, actor=actor))
                return
            done = manager.uninstall(plugin, actor=actor, reason=options["reason"], progress=self._print_progress)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        self.stdout.write(f"'{plugin}' is uninstalled; its rows are in {done.file}")

    def _print_review(self, found: UninstallReview) -> None:
        for table, count in found.count_rows().items():
            self.stdout.write(f"{count:8} {table}")
        for migration in found.migrations:
            self.stdout.write(f" reverse {found.label}.{migration}")
        for obstacle in found.obstacles:
            self.stdout.write(self.style.ERROR(f"in the way: {obstacle.message}"))
        if found.obstacles:
            sys.exit(1)
        self.stdout.write(f"Nothing is in the way of uninstalling '{found.row.name}'.")

    def _print_progress(self, table: str, count: int) -> None:
        self.stdout.write(f"exported {count:8} {table}")
