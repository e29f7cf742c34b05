"""Deletes a customer and all its rows."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import customers
from webnet.accounts.customers import Purge
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = (
        "Deletes a customer with all its rows, of webnet and of plugins. This can't be undone; only the audit log "
        "remains. To lock a customer out for a while, deactivate it instead."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the customer's slug, as in its addresses")
        parser.add_argument("--yes", action="store_true", help="delete the rows; without it, only list them")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor, slug = Actor.system("command: purge_customer"), options["slug"]
        with refusals_as_command_errors():
            if not options["yes"]:
                self._print(customers.preview_purge(actor=actor, customer=slug))
                raise CommandError(f"Nothing was deleted: add --yes to delete '{slug}'.")
            self._print(customers.purge(actor=actor, customer=slug, reason=options["reason"]))
        self.stdout.write(f"Deleted the customer '{slug}'.")

    def _print(self, purge: Purge) -> None:
        for table, count in purge.deleted.items():
            self.stdout.write(f"{count:8} {table}")
        for table in purge.missing_tables:
            self.stdout.write(f"       - {table} (the table does not exist: its plugin is not migrated)")
