"""Deactivates and activates users."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.accounts import users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = "Deactivates a user (their sessions and API tokens are not accepted then), or activates them again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they sign in with")
        state = parser.add_mutually_exclusive_group(required=True)
        state.add_argument("--activate", dest="is_active", action="store_true")
        state.add_argument("--deactivate", dest="is_active", action="store_false")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        with refusals_as_command_errors():
            change = users.set_active(
                actor=Actor.system("command: update_user"),
                username=options["username"],
                is_active=options["is_active"],
                reason=options["reason"],
            )
        state = "active" if change.user.is_active else "inactive"
        verb = "is now" if change.changed else "was already"
        self.stdout.write(f"The user '{change.user.username}' {verb} {state}.")
