"""Re-encrypts every secret setting with the first of WEBNET_SETTINGS_KEYS."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.settings.key_rotation import RotationReport


class Command(BaseCommand):
    help = (
        "Re-encrypts every secret setting with the first key of WEBNET_SETTINGS_KEYS. Keep the former keys after it "
        "until this is done. It can be stopped at any time and started again. Exits with 1 when no key decrypts a "
        "secret."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        actor = Actor.system("command: rotate_settings_keys")
        with tqdm(desc="Encrypting secrets", unit=" layers", disable=None) as bar:

            def progress(report: RotationReport) -> None:
                bar.total = report.total
                bar.update(report.done - bar.n)

            report = manager.rotate_settings_keys(actor=actor, reason=options["reason"], progress=progress)
        self.stdout.write(f"{report.sealed} secrets re-encrypted, in {report.done} layers with secrets.")
        for message in report.unreadable:
            self.stderr.write(message)
        if report.unreadable:
            sys.exit(1)
        self.stdout.write("The first key decrypts every secret: you can remove the others from WEBNET_SETTINGS_KEYS.")
