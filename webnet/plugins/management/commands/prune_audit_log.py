"""Removes the oldest part of the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from tqdm import tqdm

from webnet.audit import retention
from webnet.audit.retention import LogDisagrees
from webnet.customers.access import Actor
from webnet.plugins.management.instants import read_instant


class Command(BaseCommand):
    help = (
        "Verifies the audit log, then removes its rows up to the last checkpoint that signs only rows older than the "
        "time given. A row of the log and a checkpoint say what was removed. On PostgreSQL it has to run as the role "
        "that owns the tables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before", metavar="TIME", type=read_instant, required=True, help="ISO 8601; a date is UTC"
        )
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, **options: Any) -> None:
        actor = Actor.system("command: prune_audit_log")
        try:
            with tqdm(desc="Verifying", unit=" rows", disable=None) as bar:
                pruned = retention.prune(
                    before=options["before"], actor=actor, reason=options["reason"], advance=bar.update
                )
        except LogDisagrees as fault:
            raise CommandError(f"Nothing was removed. {fault.message} 'verify_audit_log' shows all faults.") from None
        except IntegrityError:
            raise CommandError("Nothing was removed: a checkpoint was made at the same moment. Try again.") from None
        if pruned is None:
            self.stdout.write("Nothing was removed: no checkpoint signs only rows that are older.")
        else:
            end = f"up to position {pruned.position} (checkpoint {pruned.checkpoint})"
            self.stdout.write(self.style.SUCCESS(f"{pruned.row_count} rows were removed, {end}."))
