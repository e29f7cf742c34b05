"""Restores an earlier revision of a plugin's settings, for all customers or for some."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.settings_command import SettingsCommand
from webnet.plugins.manager import manager


class Command(SettingsCommand):
    help = (
        "Restores the settings of an earlier revision, as a new revision; secrets stay as they are. Revision 0 removes "
        "all settings and secrets: the defaults, or for customers the global settings, apply again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("revision", type=int, help="a revision of 'settingsHistory', or 0")

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.revert_settings(
            options["plugin"],
            actor=self.actor(),
            revision=options["revision"],
            customer=customer,
            expected_revision=options["expected_revision"],
            allow_invalid=options["allow_invalid"],
            reason=options["reason"],
        )
