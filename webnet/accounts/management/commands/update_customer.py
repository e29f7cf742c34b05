"""Renames, deactivates and activates customers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import customers
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = "Renames a customer, deactivates it (no plugin is effective for it then), or activates it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the customer's slug, as in its addresses")
        parser.add_argument("--name", help="the new display name")
        state = parser.add_mutually_exclusive_group()
        state.add_argument("--activate", dest="is_active", action="store_true", default=None)
        state.add_argument("--deactivate", dest="is_active", action="store_false", default=None)
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        slug, name, is_active = options["slug"], options["name"], options["is_active"]
        if name is None and is_active is None:
            raise CommandError("There is nothing to change: give --name, --activate or --deactivate.")
        with refusals_as_command_errors():
            change = customers.update(
                actor=Actor.system("command: update_customer"),
                customer=slug,
                name=name,
                is_active=is_active,
                reason=options["reason"],
            )
        state = "active" if change.customer.is_active else "inactive"
        verb = "is now" if change.changed else "was already"
        self.stdout.write(f"The customer '{slug}' {verb} '{change.customer.name}', {state}.")
