"""Creates a customer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.accounts import customers
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = "Creates a customer. Its slug is part of addresses and can't be changed later."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="up to 50 characters of a-z, 0-9 and '-'")
        parser.add_argument("--name", help="the display name (default: the slug)")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        slug = options["slug"]
        with refusals_as_command_errors():
            customer = customers.create(
                actor=Actor.system("command: create_customer"),
                slug=slug,
                name=options["name"] or slug,
                reason=options["reason"],
            )
        self.stdout.write(f"Created the customer '{customer.slug}'.")
