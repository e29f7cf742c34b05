"""Lists every plugin that was ever synced, for the platform or for one customer."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor, find_customer
from webnet.errors import Refusal
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.kernel.identity import ADDRESSES
from webnet.plugins.models import PluginConfig

METADATA = ("verbose_name", "author", "description", "licence", "icon", "keywords", *ADDRESSES)
COLUMNS = ("name", "version", "status", "enabled", "availability", "reason")


class Command(BaseCommand):
    help = (
        "Lists the plugins with version, status, and whether they are enabled, or effective for one customer. "
        "With -v2 also prints the tracebacks of plugins that failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--customer", metavar="SLUG", help="for this customer, with the reasons why a plugin is not effective"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of a table, with the metadata")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = self._of_customer(options["customer"]) if options["customer"] else self._of_platform()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
        elif not rows:
            self.stdout.write("There are no plugins yet: list some in WEBNET_PLUGINS, then run 'sync_plugins'.")
        else:
            self._print_table(rows)
            if options["verbosity"] > 1:
                self._print_tracebacks()

    def _of_platform(self) -> list[dict[str, Any]]:
        return [
            _row(plugin, is_on=plugin.enabled, reason=plugin.status_reason) for plugin in PluginConfig.objects.all()
        ]

    def _of_customer(self, slug: str) -> list[dict[str, Any]]:
        try:
            state = customer_state(find_customer(Actor.system("command: list_plugins"), slug))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        return [
            _row(plugin, is_on=name in state.effective, reason=" ".join(why.message for why in state.reasons(name)))
            | {"availability": state.availability(name).value}
            for name, plugin in state.platform.plugins.items()
        ]

    def _print_tracebacks(self) -> None:
        for plugin in (each for each in PluginConfig.objects.all() if each.status_traceback):
            self.stdout.write(f"\n{plugin.name}: {plugin.status_reason}\n{plugin.status_traceback.rstrip()}")

    def _print_table(self, rows: list[dict[str, Any]]) -> None:
        widths = {column: max(len(column), *(len(row[column]) for row in rows)) for column in COLUMNS}
        for row in ({column: column for column in COLUMNS}, *rows):
            self.stdout.write("  ".join(row[column].ljust(widths[column]) for column in COLUMNS).rstrip())


def _row(plugin: PluginConfig, *, is_on: bool, reason: str) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "version": plugin.version or "",
        "status": plugin.status,
        "enabled": "yes" if is_on else "no",
        "availability": plugin.availability,
        "reason": reason,
        **{name: getattr(plugin, name) for name in METADATA},
    }
