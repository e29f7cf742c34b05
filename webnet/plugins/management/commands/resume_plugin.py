"""Ends the pause of a plugin that failed, for all customers or for some."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.change_command import ChangeCommand, add_plugin_argument, describe_where
from webnet.plugins.manager import manager


class Command(ChangeCommand):
    help = "Ends the pause of a plugin that failed, for all customers or for some. Its next pause will be short again."

    def add_arguments(self, parser: CommandParser) -> None:
        add_plugin_argument(parser)
        super().add_arguments(parser)

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.resume(options["plugin"], actor=self.actor(), customer=customer, reason=options["reason"])

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:  # noqa: ARG002 - the others need them
        return f"'{change.plugin}' is {'resumed' if change.changed else 'not paused'}{describe_where(change)}."
