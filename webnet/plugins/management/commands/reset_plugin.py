"""Forgets whether customers have enabled or disabled a plugin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.switch_command import SwitchCommand
from webnet.plugins.manager import manager


class Command(SwitchCommand):
    help = (
        "Forgets whether customers have enabled or disabled a plugin, so that its availability decides again. Their "
        "settings stay."
    )
    action = PlanAction.RESET
    verb = "left to its availability"
    needs_customers = True

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:
        along = f" {', '.join(change.also)} is switched with it." if change.also else ""
        return super().describe(replace(change, also=()), options) + along

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.reset(
            options["plugin"],
            actor=self.actor(),
            customer=customer or "",
            cascade=options["with_dependencies"],
            reason=options["reason"],
        )
