"""Creates an API token for a user, and prints it once."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from webnet.accounts import tokens
from webnet.accounts.authentication import find_user
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Role
from webnet.errors import NotFound

# A hundred years; without the option a token never expires.
MAXIMUM_DAYS = 36_500


class Command(BaseCommand):
    help = "Creates an API token for a user and prints it to standard output; it can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the token's user: it allows what they may do")
        parser.add_argument("name", help="what the token is for; unique per user")
        parser.add_argument("--customer", metavar="SLUG", help="limit the token to this customer")
        parser.add_argument("--maximum-role", choices=Role.values, help="limit the token to this role")
        parser.add_argument(
            "--expires-in-days", metavar="DAYS", type=_read_days, help="when it expires (default: never)"
        )
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        lifetime, role = options["expires_in_days"], options["maximum_role"]
        with refusals_as_command_errors():
            new = tokens.create(
                actor=_actor_for(options["username"]),
                name=options["name"],
                expires_at=timezone.now() + lifetime if lifetime is not None else None,
                only_customer=options["customer"],
                maximum_role=Role(role) if role else None,
                reason=options["reason"],
            )
        self.stdout.write(new.secret)


def _read_days(text: str) -> timedelta:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not abs(days) <= MAXIMUM_DAYS:  # NaN compares as false
        raise ArgumentTypeError(f"must be a number of days, at most {MAXIMUM_DAYS}, not '{text}'")
    return timedelta(days=days)


def _actor_for(username: str) -> Actor:
    user = find_user(username)
    if user is None:
        raise NotFound.user(username)
    return Actor(name="command: create_token", user_id=user.pk, is_superuser=user.is_superuser)
