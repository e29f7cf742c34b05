"""Disables a plugin, for all customers or for some."""

from __future__ import annotations

from typing import Any

from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.switch_command import SwitchCommand
from webnet.plugins.manager import manager


class Command(SwitchCommand):
    help = "Disables a plugin for all customers or for some, without a restart."
    action = PlanAction.DISABLE
    verb = "disabled"

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.disable(
            options["plugin"],
            actor=self.actor(),
            customer=customer,
            with_dependents=options["with_dependencies"],
            reason=options["reason"],
        )
