"""Disables a plugin, for all customers or for one."""

from __future__ import annotations

from typing import Any

from webnet.customers.access import Actor
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.switch_command import SwitchCommand
from webnet.plugins.manager import manager


class Command(SwitchCommand):
    help = "Disables a plugin for all customers or for one, without a restart."
    verb = "disabled"

    def switch(self, actor: Actor, options: dict[str, Any]) -> PluginChange:
        return manager.disable(
            options["plugin"],
            actor=actor,
            customer=options["customer"],
            with_dependents=options["with_dependencies"],
            reason=options["reason"],
        )
