"""Sets what customers may do with a plugin."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.change_command import ChangeCommand, add_plugin_argument, describe_where
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability

INHERITED = "inherited"


class Command(ChangeCommand):
    help = (
        "Sets what customers may do with a plugin: it can be 'withheld' (as if it did not exist), 'offered' (off until "
        "they enable it), 'default_on' (on until they disable it) or 'required' (on)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_plugin_argument(parser)
        parser.add_argument(
            "availability",
            choices=[*Availability.values, INHERITED],
            help=f"'{INHERITED}': for these customers, the same as for all others again",
        )
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        if options["availability"] == INHERITED and not (options["customer"] or options["customers_from"]):
            raise CommandError(f"'{INHERITED}' is for customers: give --customer or --customers-from.")
        super().handle(**options)

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        wanted = options["availability"]
        return manager.set_availability(
            options["plugin"],
            actor=self.actor(),
            availability=None if wanted == INHERITED else Availability(wanted),
            customer=customer,
            reason=options["reason"],
        )

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:
        verb = "is" if change.changed else "was"
        return f"The availability of '{change.plugin}'{describe_where(change)} {verb} {options['availability']}."
