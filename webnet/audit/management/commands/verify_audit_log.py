"""Verifies the audit log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from tqdm import tqdm

from webnet.audit import clock, signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import AuditCheckpoint
from webnet.audit.verification import last_position, pruned_to, snapshot, verify
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        "Finds rows of the audit log that were edited, removed, inserted or moved, also at its end, and lists them. "
        "Exits with 1 when it finds any. webnet can be in use meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoints", metavar="FILE", type=Path, help="checkpoints that were kept on another machine"
        )
        parser.add_argument(
            "--key", metavar="HEX", action="append", default=[], help="a public key to trust; can be repeated"
        )

    def handle(self, **options: Any) -> None:
        trusted = signing_keys.trusted_keys() | set(options["key"])
        kept = options["checkpoints"].read_text().splitlines() if options["checkpoints"] else ()
        count = 0
        total = last_position() - pruned_to()
        with snapshot(), tqdm(desc="Verifying", unit=" rows", total=total, disable=None) as bar:
            for finding in verify(trusted=trusted, kept=kept, advance=bar.update):
                count += 1
                with tqdm.external_write_mode():
                    self.stdout.write(finding.message)
            if not audit_triggers.are_installed(connection):
                count += 1
                self.stdout.write(
                    f"The triggers that keep the log append-only are missing: '{PROGRAM} migrate' installs them."
                )
            if difference := clock.describe_difference():
                self.stdout.write(self.style.WARNING(difference))
            self._conclude(count)

    def _conclude(self, count: int) -> None:
        if count:
            self.stdout.write(self.style.ERROR(f"{count} faults."))
            sys.exit(1)
        checkpoint = AuditCheckpoint.objects.last()
        signed = (
            f"they are signed up to position {checkpoint.position}" if checkpoint else "no checkpoint signs them yet"
        )
        self.stdout.write(self.style.SUCCESS(f"All {last_position() - pruned_to()} rows are unchanged; {signed}."))
