"""Gives a user a new password, audited; in place of Django's own, which would leave no trace."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = "Gives a user a new password and ends their sessions. Asks for it twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="what they sign in with")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read it from the first line of standard input instead"
        )
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else _ask()
        with refusals_as_command_errors():
            user = users.set_password(
                actor=Actor.system("command: changepassword"),
                username=options["username"],
                password=password,
                reason=options["reason"],
            )
        self.stdout.write(f"'{user.username}' has a new password.")


def _ask() -> str:
    password = getpass("Password: ")
    if password != getpass("Password (again): "):
        raise CommandError("The two are not the same; nothing was changed.")
    return password
