"""Restores a backup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.backup import restores
from webnet.backup.errors import BackupError
from webnet.backup.restores import Restoration
from webnet.customers.access import Actor
from webnet.program import PROGRAM
from webnet.server.management.progress_bars import ProgressBars


class Command(BaseCommand):
    help = (
        f"Replaces the database by that of a folder that '{PROGRAM} backup' wrote, and migrates it. It becomes that of "
        "the backup completely, or it stays as it is. Servers can run meanwhile: they go on with the restored rows. "
        "Refuses what does not fit: another kind of database, a newer webnet, missing plugins, a file or an audit log "
        "that was changed. On PostgreSQL it needs 'pg_restore', and must run as the role that owns the tables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="the backup")
        parser.add_argument("--replace", action="store_true", help="replace a database that is not empty")
        parser.add_argument(
            "--without-plugins",
            action="store_true",
            help="also restore the data of plugins that are not installed, or only in an older version",
        )
        parser.add_argument(
            "--accept-faults", action="store_true", help="also restore a log that is not valid, and list its faults"
        )
        parser.add_argument("--no-input", action="store_false", dest="interactive", help="ask nothing")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        actor = Actor.system("command: restore")
        try:
            with ProgressBars() as progress:
                restoration = restores.plan(
                    Path(options["folder"]).absolute(),
                    replaces=options["replace"],
                    lacks_plugins=options["without_plugins"],
                    progress=progress,
                )
            if options["interactive"]:
                self._ask(restoration)
            with ProgressBars() as progress:
                warnings = restores.restore(
                    restoration,
                    actor=actor,
                    accepts_faults=options["accept_faults"],
                    reason=options["reason"],
                    progress=progress,
                )
        except BackupError as error:
            raise CommandError(error.message) from None
        for warning in warnings:
            self.stderr.write(self.style.WARNING(warning))
        read = restoration.manifest
        self.stdout.write(
            self.style.SUCCESS(f"Restored the backup of {read.made_at}, up to position {read.position} of its log.")
        )
        if restoration.pending:
            # Each plugin by itself, now that webnet is whole: one that fails is shown, and not effective.
            call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout, stderr=self.stderr)
        self.stdout.write(f"Now run '{PROGRAM} sync_plugins'.")

    def _ask(self, restoration: Restoration) -> None:
        """Raise CommandError unless whoever is at the keyboard agrees."""
        read = restoration.manifest
        self.stdout.write(f"The backup of {read.made_at} was made by webnet {read.webnet}.")
        if restoration.is_replacing:
            self.stdout.write(self.style.WARNING("Everything that is in the database now will be gone."))
        for migration in restoration.pending:
            self.stdout.write(f"  will run the migration {migration}")
        self.stdout.write("Restore it? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was restored.")
