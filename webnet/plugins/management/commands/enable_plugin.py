"""Enables a plugin, for all customers or for some."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.switch_command import SwitchCommand
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability
from webnet.program import PROGRAM


class Command(SwitchCommand):
    help = "Enables a plugin for all customers or for some, without a restart."
    action = PlanAction.ENABLE
    verb = "enabled"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--availability",
            choices=Availability.values,
            help="when it is enabled for all, also set what customers may do with it",
        )

    def handle(self, **options: Any) -> None:
        if options["availability"] and (options["customer"] or options["customers_from"]):
            raise CommandError(f"--availability is for all customers; for some, use '{PROGRAM} set_availability'.")
        super().handle(**options)

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.enable(
            options["plugin"],
            actor=self.actor(),
            customer=customer,
            availability=Availability(options["availability"]) if options["availability"] else None,
            with_dependencies=options["with_dependencies"],
            reason=options["reason"],
        )
