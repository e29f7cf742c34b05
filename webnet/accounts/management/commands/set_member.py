"""Adds, changes and removes members of a customer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import members
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Role

ACTOR = Actor.system("command: set_member")


class Command(BaseCommand):
    help = "Adds a user to a customer, or changes their role; with --remove, ends the membership."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="the customer's slug")
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument("role", nargs="?", choices=Role.values, help="each role includes the previous ones")
        parser.add_argument("--remove", action="store_true", help="end the membership")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        if options["remove"] == (options["role"] is not None):
            raise CommandError("Give either a role or --remove.")
        with refusals_as_command_errors():
            self.stdout.write(self._remove(options) if options["remove"] else self._set(options))

    def _set(self, options: dict[str, Any]) -> str:
        customer, username, role = options["customer"], options["username"], Role(options["role"])
        change = members.set(actor=ACTOR, customer=customer, username=username, role=role, reason=options["reason"])
        return f"'{username}' {'is now' if change.changed else 'was already'} {role.label.lower()} for '{customer}'."

    def _remove(self, options: dict[str, Any]) -> str:
        customer, username = options["customer"], options["username"]
        was_member = members.remove(actor=ACTOR, customer=customer, username=username, reason=options["reason"])
        return f"'{username}' {'is no longer' if was_member else 'was not'} a member of '{customer}'."
