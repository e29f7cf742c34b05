"""Django's `migrate`, changed so that a plugin's failing migration stops neither the host's nor another plugin's."""

from __future__ import annotations

import sys
from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from webnet.database.table_changes import changing_tables
from webnet.database.writability import find_obstacle
from webnet.plugins.lifecycle import sync as syncing
from webnet.plugins.lifecycle.findings import Circumstances
from webnet.plugins.loading import migrations as plugin_migrations
from webnet.plugins.registry import registry
from webnet.program import PROGRAM

# With any of these options, Django's own command runs.
DJANGO_OPTIONS = ("app_label", "plan", "check_unapplied", "fake", "fake_initial", "run_syncdb", "prune")


class Command(migrate.Command):
    help = (
        "Runs the migrations of webnet, then those of each plugin by itself, except of versions that "
        f"'{PROGRAM} sync_plugins' would refuse. With an app or any of Django's options, works like Django's own "
        "command. Exits with 1 when a plugin's migrations failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--host-only", action="store_true", help=f"leave the plugins to '{PROGRAM} sync_plugins --migrate'"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS or any(options[name] for name in DJANGO_OPTIONS):
            super().handle(*args, **options)
            return
        if not options["skip_checks"]:
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        # Django logs what receivers of its signals raise with its traceback, before the command could explain it.
        if obstacle := find_obstacle():
            raise CommandError(f"Nothing can be migrated. {obstacle}")
        self.verbosity = options["verbosity"]
        with changing_tables():
            plugin_migrations.migrate_host(self.migration_progress_callback)
        if options["host_only"]:
            return
        failures = syncing.migrate(registry, Circumstances(), self.migration_progress_callback)
        for name, failure in failures.items():
            self.stderr.write(f"'{name}' is not migrated: {failure.reason}")
        if failures:
            sys.exit(1)
