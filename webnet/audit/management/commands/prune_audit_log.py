"""Deletes the oldest rows of the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from tqdm import tqdm

from webnet.audit import retention
from webnet.audit.management.instants import read_instant
from webnet.audit.retention import LogDisagrees
from webnet.customers.access import Actor
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        "Verifies the audit log, then deletes its rows up to the last checkpoint that signs only rows older than the "
        "given time. A row of the log and a checkpoint record what was deleted. On PostgreSQL it must run as the role "
        "that owns the tables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before", metavar="TIME", type=read_instant, required=True, help="ISO 8601, UTC by default"
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        actor = Actor.system("command: prune_audit_log")
        try:
            with tqdm(desc="Verifying", unit=" rows", disable=None) as bar:
                pruned = retention.prune(
                    before=options["before"], actor=actor, reason=options["reason"], advance=bar.update
                )
        except LogDisagrees as fault:
            raise CommandError(
                f"Nothing was deleted. {fault.message} '{PROGRAM} verify_audit_log' lists all faults."
            ) from None
        except IntegrityError:
            raise CommandError("Nothing was deleted: a checkpoint was created at the same time. Try again.") from None
        if pruned is None:
            self.stdout.write("Nothing was deleted: no checkpoint signs only older rows.")
        else:
            end = f"up to position {pruned.position} (checkpoint {pruned.checkpoint})"
            self.stdout.write(self.style.SUCCESS(f"Deleted {pruned.row_count} rows, {end}."))
