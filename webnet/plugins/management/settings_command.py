"""The base of the commands that change a plugin's settings."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.management.change_command import ChangeCommand, add_plugin_argument, describe_where
from webnet.plugins.models import CustomerPluginConfig, PluginConfig


class SettingsCommand(ChangeCommand):
    """A command that changes one layer of settings: the global one, or those of customers."""

    def add_arguments(self, parser: CommandParser) -> None:
        add_plugin_argument(parser)
        super().add_arguments(parser)
        parser.add_argument(
            "--expected-revision",
            type=int,
            metavar="REVISION",
            help="refuse the change if the settings are at another revision, since somebody else has changed them",
        )
        parser.add_argument(
            "--allow-invalid",
            action="store_true",
            help="change the global settings even if some customers' settings are then not valid: the plugin is not "
            "effective for those customers until they are",
        )

    def describe(self, change: PluginChange, options: dict[str, Any]) -> str:  # noqa: ARG002 - the others need them
        layers: QuerySet[Any] = PluginConfig.objects.filter(name=change.plugin)
        if change.customer is not None:
            layers = CustomerPluginConfig.objects.filter(plugin__name=change.plugin, customer=change.customer)
        revision = layers.values_list("settings_revision", flat=True).first() or 0
        done = "are now at" if change.changed else "stay at"
        return f"The settings of '{change.plugin}'{describe_where(change)} {done} revision {revision}."
