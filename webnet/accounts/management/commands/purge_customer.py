"""Removes a customer for good."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import purging
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.accounts.purging import Purge
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = (
        "Removes a customer for good, with all its rows of the host and of plugins; nothing brings them back. Only the "
        "audit log keeps what it says. To end a customer for now, deactivate it instead."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the customer's, as in its addresses")
        parser.add_argument("--yes", action="store_true", help="do it; otherwise only say what would go")
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor, slug = Actor.system("command: purge_customer"), options["slug"]
        with refusals_as_command_errors():
            if not options["yes"]:
                self._print(purging.preview(actor=actor, customer=slug))
                raise CommandError(f"Nothing was deleted: add --yes to remove '{slug}' for good.")
            self._print(purging.purge(actor=actor, customer=slug, reason=options["reason"]))
        self.stdout.write(f"'{slug}' is gone.")

    def _print(self, purge: Purge) -> None:
        for table, count in purge.deleted.items():
            self.stdout.write(f"{count:8} {table}")
        for table in purge.passed_by:
            self.stdout.write(f"       - {table} (there is no such table yet: its plugin is not migrated)")
