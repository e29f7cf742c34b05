"""Seals every secret setting again with the first of WEBNET_SETTINGS_KEYS."""

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
        "Seals every secret setting again with the first key of WEBNET_SETTINGS_KEYS; the former keys must follow it "
        "there until this is done. It can be stopped at any moment and started again. Exits with 1 when a secret does "
        "not open with any of the keys."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, **options: Any) -> None:
        actor = Actor.system("command: rotate_settings_keys")
        with tqdm(desc="Sealing secrets", unit=" layers", disable=None) as bar:

            def progress(report: RotationReport) -> None:
                bar.total = report.total
                bar.update(report.done - bar.n)

            report = manager.rotate_settings_keys(actor=actor, reason=options["reason"], progress=progress)
        self.stdout.write(f"{report.sealed} secrets sealed again; {report.done} layers hold secrets.")
        for words in report.unreadable:
            self.stderr.write(words)
        if report.unreadable:
            sys.exit(1)
        self.stdout.write("Every secret opens with the first key: the others can go from WEBNET_SETTINGS_KEYS.")
