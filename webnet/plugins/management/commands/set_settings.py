"""Changes a plugin's settings, for all customers or for some."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.customer_list import STANDARD_INPUT, read_input
from webnet.plugins.management.json_files import parse_json
from webnet.plugins.management.settings_command import SettingsCommand
from webnet.plugins.manager import manager


class Command(SettingsCommand):
    help = (
        "Changes a plugin's settings, for all customers or for some. FILE has the settings to change as a JSON object: "
        "others stay, and null removes one (RFC 7396). It may contain secrets, which are not printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="a JSON file ('-': standard input)")

    def handle(self, **options: Any) -> None:
        if options["file"] == options["customers_from"] == STANDARD_INPUT:
            raise CommandError("Only one of FILE and --customers-from can be standard input.")
        patch = parse_json(read_input(options["file"]), name=options["file"])
        super().handle(**options, patch=patch)

    def change(self, customer: str | None, options: dict[str, Any]) -> PluginChange:
        return manager.update_settings(
            options["plugin"],
            actor=self.actor(),
            patch=options["patch"],
            customer=customer,
            expected_revision=options["expected_revision"],
            allow_invalid=options["allow_invalid"],
            reason=options["reason"],
        )
