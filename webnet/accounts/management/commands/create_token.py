"""Makes an API token for a user, and prints it once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from webnet.accounts import tokens
from webnet.accounts.authentication import find_user
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.roles import Role
from webnet.errors import NotFound


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it, this once, alone on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Whose token it is: it can do what they can.")
        parser.add_argument("name", help="What it is for; unique per user.")
        parser.add_argument("--customer", help="The slug of the only customer that it reaches.")
        parser.add_argument("--maximum-role", choices=Role.values, help="The highest role that it carries.")
        parser.add_argument("--expires-in-days", type=float, help="When it ends; never, when left out.")
        parser.add_argument("--reason", default="", help="For the audit log.")

    def handle(self, **options: Any) -> None:
        days, role = options["expires_in_days"], options["maximum_role"]
        with refusals_as_command_errors():
            new = tokens.create(
                actor=_act_for(options["username"]),
                name=options["name"],
                expires_at=timezone.now() + timedelta(days=days) if days is not None else None,
                only_customer=options["customer"],
                maximum_role=Role(role) if role else None,
                reason=options["reason"],
            )
        self.stdout.write(new.secret)


def _act_for(username: str) -> Actor:
    user = find_user(username)
    if user is None:
        raise NotFound.user(username)
    return Actor(name="command: create_token", user_id=user.pk, is_superuser=user.is_superuser)
