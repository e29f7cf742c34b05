"""Revokes the open invitation of somebody to a customer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from webnet.accounts import invitations
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Invitation


class Command(BaseCommand):
    help = "Revokes an open invitation to a customer: its token is refused from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", help="the customer's slug")
        parser.add_argument("person", help="the username or the email address that was invited")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        slug, person = options["customer"], options["person"]
        named = Q(username=person, email="") | Q(email=person.lower(), username="")
        opened = Invitation.objects.filter(named, customer__slug=slug, accepted_at=None, revoked_at=None)
        invitation = opened.first()
        if invitation is None:
            raise CommandError(f"'{slug}' has no open invitation for '{person}'.")
        with refusals_as_command_errors():
            invitations.revoke(
                actor=Actor.system("command: revoke_invitation"),
                customer=slug,
                invitation_id=invitation.pk,
                reason=options["reason"],
            )
        self.stdout.write(f"The invitation of '{person}' to '{slug}' is revoked.")
