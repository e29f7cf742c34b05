"""Ends the pause of a plugin that failed, for all customers or for one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor
from webnet.errors import Refusal
from webnet.plugins.manager import manager


class Command(BaseCommand):
    help = "Ends the pause of a plugin that failed, for all customers or for one. Its next pause will be short again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plugin", help="the plugin's name, as 'list_plugins' prints it")
        parser.add_argument("--customer", metavar="SLUG", help="the pause for this customer (default: for all)")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        plugin, slug = options["plugin"], options["customer"]
        actor = Actor.system("command: resume_plugin")
        try:
            change = manager.resume(plugin, actor=actor, customer=slug, reason=options["reason"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        where = f" for '{slug}'" if slug else ""
        self.stdout.write(f"'{plugin}' is {'resumed' if change.changed else 'not paused'}{where}.")
