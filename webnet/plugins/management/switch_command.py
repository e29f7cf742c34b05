"""The base of `enable_plugin` and `disable_plugin`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor
from webnet.errors import Refusal
from webnet.plugins.changes import pauses
from webnet.plugins.changes.switching import PluginChange


class SwitchCommand(BaseCommand):
    """A command that enables or disables a plugin; `verb` is the participle that it prints."""

    verb: str

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plugin", help="the plugin's name, as 'list_plugins' prints it")
        parser.add_argument("--customer", metavar="SLUG", help="only for this customer (default: for all)")
        parser.add_argument(
            "--with-dependencies",
            action="store_true",
            help="also enable its dependencies, or disable its dependents",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            change = self.switch(Actor.system(f"command: {self.verb[:-1]}_plugin"), options)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        finally:
            pauses.pause_and_retry()  # also counts a hook that failed in this process
        where = f" for '{change.customer.slug}'" if change.customer else ""
        for name in (*change.also, change.plugin):
            self.stdout.write(f"'{name}' is {self.verb}{where}." if change.changed else f"'{name}' was {self.verb}.")

    def switch(self, actor: Actor, options: dict[str, Any]) -> PluginChange:
        raise NotImplementedError
