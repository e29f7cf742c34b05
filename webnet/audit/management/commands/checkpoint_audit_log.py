"""Signs the current end of the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from tqdm import tqdm

from webnet.audit import checkpoints, retention
from webnet.audit.retention import LogDisagrees
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        "Verifies and signs what was written to the audit log since the last checkpoint, and prints the checkpoint as "
        "one line of JSON. Append that line to a file on another machine and pass the file to "
        f"'{PROGRAM} verify_audit_log': then not even somebody with write access to the whole database can shorten the "
        "log unnoticed."
    )

    def handle(self, **_options: Any) -> None:
        try:
            with tqdm(desc="Verifying", unit=" rows", disable=None) as bar:
                checkpoint = retention.make_checkpoint(bar.update)
        except LogDisagrees as fault:
            raise CommandError(
                f"Nothing was signed. {fault.message} '{PROGRAM} verify_audit_log' lists all faults."
            ) from None
        except IntegrityError:
            raise CommandError("Another checkpoint was created at the same time; that one is valid.") from None
        if checkpoint is None:
            self.stderr.write("Nothing was written since the last checkpoint.")
        else:
            self.stdout.write(checkpoints.to_line(checkpoint))
