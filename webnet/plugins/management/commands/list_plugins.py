"""Lists every plugin that was ever synced, for the platform or for one customer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.customers.access import Actor, find_customer
from webnet.errors import Refusal
from webnet.plugins.gate.effective import IneffectiveCode, Reason, customer_state, platform_state
from webnet.plugins.kernel.identity import ADDRESSES
from webnet.plugins.models import PluginConfig
from webnet.program import PROGRAM

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
            self.stdout.write(
                f"There are no plugins yet: list some in WEBNET_PLUGINS, then run '{PROGRAM} sync_plugins'."
            )
        else:
            self._print_table(rows)
            if options["verbosity"] > 1:
                self._print_tracebacks()

    def _of_platform(self) -> list[dict[str, Any]]:
        state = platform_state()
        return [_of_plugin(plugin, state.reasons(name)) for name, plugin in state.plugins.items()]

    def _of_customer(self, slug: str) -> list[dict[str, Any]]:
        try:
            state = customer_state(find_customer(Actor.system("command: list_plugins"), slug))
        except Refusal as refusal:
            raise CommandError(refusal.message) from None
        return [
            _row(plugin, is_on=name in state.effective, reasons=state.reasons(name))
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


def _of_plugin(plugin: PluginConfig, reasons: Sequence[Reason]) -> dict[str, Any]:
    # The column `enabled` shows whether it is disabled for everybody.
    shown = [each for each in reasons if each.code != IneffectiveCode.DISABLED_GLOBALLY]
    row = _row(plugin, is_on=plugin.enabled, reasons=shown)
    # One that runs has a status reason, too, if its upgrade was refused.
    is_told = plugin.status_reason in row["reason"]
    return row if is_told else {**row, "reason": f"{plugin.status_reason} {row['reason']}".strip()}


def _row(plugin: PluginConfig, *, is_on: bool, reasons: Sequence[Reason]) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "version": plugin.version or "",
        "status": plugin.status,
        "enabled": "yes" if is_on else "no",
        "availability": plugin.availability,
        "reason": " ".join(each.message for each in reasons),
        "codes": [each.code.name for each in reasons],
        **{name: getattr(plugin, name) for name in METADATA},
    }
