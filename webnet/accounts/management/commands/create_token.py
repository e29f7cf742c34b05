"""Makes an API token for a user, and prints it once."""

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
from webnet.customers.roles import Role
from webnet.errors import NotFound

# A hundred years: whoever means for ever leaves it out.
MAXIMUM_DAYS = 36_500


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it, this once, alone on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whose token it is: it can do what they can")
        parser.add_argument("name", help="what it is for; unique per user")
        parser.add_argument("--customer", metavar="SLUG", help="the only customer that it reaches")
        parser.add_argument("--maximum-role", choices=Role.values, help="the highest role that it carries")
        parser.add_argument("--expires-in-days", metavar="DAYS", type=_days, help="when it ends; never where left out")
        parser.add_argument("--reason", default="", help="why, for the audit log")

    def handle(self, **options: Any) -> None:
        span, role = options["expires_in_days"], options["maximum_role"]
        with refusals_as_command_errors():
            new = tokens.create(
                actor=_act_for(options["username"]),
                name=options["name"],
                expires_at=timezone.now() + span if span is not None else None,
                only_customer=options["customer"],
                maximum_role=Role(role) if role else None,
                reason=options["reason"],
            )
        self.stdout.write(new.secret)


def _days(text: str) -> timedelta:
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not abs(days) <= MAXIMUM_DAYS:  # also where it is not a number
        raise ArgumentTypeError(f"it must be a number of days, at most {MAXIMUM_DAYS}, not '{text}'.")
    return timedelta(days=days)


def _act_for(username: str) -> Actor:
    user = find_user(username)
    if user is None:
        raise NotFound.user(username)
    return Actor(name="command: create_token", user_id=user.pk, is_superuser=user.is_superuser)
