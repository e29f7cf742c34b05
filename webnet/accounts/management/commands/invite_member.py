"""Invites somebody to a customer, and prints the token once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from webnet.accounts import invitations
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Role


class Command(BaseCommand):
    help = (
        "Invites one person to a customer and prints the path at which they accept, with a token that can't be shown "
        "again. No mail is sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="the customer's slug")
        parser.add_argument("role", choices=Role.values, help="each role includes the previous ones")
        person = parser.add_mutually_exclusive_group(required=True)
        person.add_argument("--username", help="the name they sign in with")
        person.add_argument("--email", help="the email address of their account")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        with refusals_as_command_errors():
            made = invitations.invite(
                actor=Actor.system("command: invite_member"),
                customer=options["customer"],
                role=Role(options["role"]),
                username=options["username"],
                email=options["email"],
                reason=options["reason"],
            )
        self.stdout.write(reverse("invitation", kwargs={"token": made.secret}))
