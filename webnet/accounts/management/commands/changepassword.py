"""Sets a user's password, audited. It replaces Django's command of this name, which is not."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor


class Command(BaseCommand):
    help = "Sets a user's password, which ends their sessions. Prompts for it twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read it from the first line of standard input"
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else _prompt()
        with refusals_as_command_errors():
            user = users.set_password(
                actor=Actor.system("command: changepassword"),
                username=options["username"],
                password=password,
                reason=options["reason"],
            )
        self.stdout.write(f"Changed the password of '{user.username}'.")


def _prompt() -> str:
    password = getpass("Password: ")
    if password != getpass("Password (again): "):
        raise CommandError("The passwords differ; nothing was changed.")
    return password
