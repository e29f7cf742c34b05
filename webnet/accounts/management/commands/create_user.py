"""Creates a user."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.accounts import users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = f"Creates a user. Without a password they can't sign in; '{PROGRAM} changepassword' sets one later."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the name they sign in with")
        parser.add_argument("--name", default="", help="the display name")
        parser.add_argument("--email", default="", help="for invitations; shown to the admins of their customers")
        parser.add_argument(
            "--operator", action="store_true", help="make the user a platform operator, who may do everything"
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of standard input",
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        with refusals_as_command_errors():
            user = users.create(
                actor=Actor.system("command: create_user"),
                username=options["username"],
                name=options["name"],
                email=options["email"],
                password=password,
                is_operator=options["operator"],
                reason=options["reason"],
            )
        kind = "platform operator" if user.is_superuser else "user"
        self.stdout.write(
            f"Created the {kind} '{user.username}'{'' if password is not None else ', without a password'}."
        )
