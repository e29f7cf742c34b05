"""Makes a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.backup import backups, keys
from webnet.backup.errors import BackupError
from webnet.customers.access import Actor
from webnet.program import PROGRAM
from webnet.server.management.progress_bars import ProgressBars


class Command(BaseCommand):
    help = (
        "Writes a backup of the whole database into a new folder, while webnet is in use: it has the state of one "
        "moment. On PostgreSQL it needs 'pg_dump'. The folder appears once it is complete; nothing is overwritten. "
        f"'{PROGRAM} restore' reads it. The keys are not part of it, unless you ask for them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="the folder to create")
        place = parser.add_mutually_exclusive_group()
        place.add_argument(
            "--keys", metavar="FILE", type=Path, help="write all keys into this new file, which belongs elsewhere"
        )
        place.add_argument(
            "--with-keys",
            action="store_true",
            help=f"write all keys into '{keys.FILE_NAME}' in the same folder: who has it can then read every secret",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        folder = Path(options["folder"]).absolute()
        keys_file = Path(options["keys"]).absolute() if options["keys"] else None
        if keys_file is not None and keys_file.is_relative_to(folder):
            raise CommandError("Keys belong apart from the backup: name another place, or use --with-keys.")
        if options["with_keys"]:
            keys_file = folder / keys.FILE_NAME
        actor = Actor.system("command: backup")
        try:
            with ProgressBars() as progress:
                made = backups.make(
                    folder, actor=actor, keys_file=keys_file, reason=options["reason"], progress=progress
                )
        except BackupError as error:
            raise CommandError(error.message) from None
        for warning in made.warnings:
            self.stderr.write(self.style.WARNING(warning))
        end = f"up to position {made.manifest.position} of the audit log"
        self.stdout.write(self.style.SUCCESS(f"'{folder}' is complete: {made.manifest.size} bytes, {end}."))
        where = f"are in '{keys_file}'." if keys_file else "are not in it: keep a copy of them elsewhere (--keys FILE)."
        self.stdout.write(f"The keys {where}")
