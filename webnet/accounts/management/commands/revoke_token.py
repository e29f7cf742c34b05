"""Revokes an API token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webnet.accounts import tokens
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import ApiToken
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = "Revokes an API token of a user: requests with it are refused from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the token's user")
        parser.add_argument("name", help=f"the name that '{PROGRAM} create_token' gave it")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        username, name = options["username"], options["name"]
        token = ApiToken.objects.filter(user__username=username, name=name).first()
        if token is None:
            raise CommandError(f"'{username}' has no token '{name}'.")
        with refusals_as_command_errors():
            change = tokens.revoke(
                actor=Actor.system("command: revoke_token"), token_id=token.pk, reason=options["reason"]
            )
        self.stdout.write(f"The token '{name}' of '{username}' {'is' if change.changed else 'was already'} revoked.")
