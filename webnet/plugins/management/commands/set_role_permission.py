"""Gives a plugin's permission to a role of customers, or takes it away."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from webnet.customers.models import Role
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.change_command import ChangeCommand, describe_where
from webnet.plugins.manager import manager

DECISIONS = {"grant": True, "deny": False, "default": None}


class Command(ChangeCommand):
    help = (
        "Gives a plugin's permission to a role of customers, or takes it away. A higher role has what a lower one is "
        "granted, unless it is denied to the higher role itself."
    )
    needs_customers = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("permission", help="the codename: the plugin's name, a dot, and the permission's name")
        parser.add_argument("role", choices=Role.values, help="each role includes the previous ones")
        parser.add_argument("decision", choices=list(DECISIONS), help="'default': what the plugin declares")
        super().add_arguments(parser)

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.set_permission(
            options["permission"],
            actor=self.actor(),
            customer=customer or "",
            role=Role(options["role"]),
            granted=DECISIONS[options["decision"]],
            reason=options["reason"],
        )

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:
        decided = {"grant": "granted", "deny": "denied", "default": "as declared"}[options["decision"]]
        verb, role = "is" if change.changed else "was", Role(options["role"]).label.lower()
        return f"'{options['permission']}' {verb} {decided} for the role {role}{describe_where(change)}."
