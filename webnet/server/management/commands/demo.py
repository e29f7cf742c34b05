"""Makes the demo data: two customers, five people with one password, and a plugin that is on for everybody."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from webnet.accounts import customers, members, users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Membership, User
from webnet.customers.roles import Role
from webnet.errors import Refusal
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig

ACTOR = Actor.system("command: demo")
OPERATOR = "platform"
PLUGIN = "hello_world"
CUSTOMERS = {"acme": "Acme", "globex": "Globex"}
MEMBERS = (
    ("acme-admin", "acme", Role.ADMIN),
    ("acme-operator", "acme", Role.OPERATOR),
    ("acme-viewer", "acme", Role.VIEWER),
    ("globex-admin", "globex", Role.ADMIN),
)


class Command(BaseCommand):
    help = (
        "Makes demo data: the customers acme and globex, the platform operator 'platform', and the members "
        "acme-admin, acme-operator, acme-viewer and globex-admin. Their password is WEBNET_DEMO_PASSWORD where that "
        "is set, else random and printed once. The first time, the plugin hello_world is switched on for everybody, "
        "where sync_plugins has found it. What is there already stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is any user")

    def handle(self, **options: Any) -> None:
        if options["if_empty"] and User.objects.exists():
            return
        given = os.environ.get("WEBNET_DEMO_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        with refusals_as_command_errors():
            made_users = _make_users(password)
            made_others = [*_make_customers(), *_make_members()]
        if not made_users and not made_others:
            self.stdout.write("The demo data is there already; nothing was changed.")
        if made_users:
            shown = "is the one in WEBNET_DEMO_PASSWORD" if given else f"is, shown this once: {password}"
            self.stdout.write(f"Made the demo users {', '.join(made_users)}. Their password {shown}")
        if OPERATOR in made_users and PluginConfig.objects.filter(name=PLUGIN).exists():
            self._enable_plugin()

    def _enable_plugin(self) -> None:
        """A plugin that can't be switched on is told of; the demo data is made all the same."""
        try:
            manager.enable(PLUGIN, actor=ACTOR, availability=Availability.DEFAULT_ON, reason="Demo data")
        except Refusal as refusal:
            self.stderr.write(f"{PLUGIN} is not enabled: {refusal.message}")
        else:
            self.stdout.write(f"Enabled {PLUGIN} for every customer.")


def _make_users(password: str) -> list[str]:
    wanted = [OPERATOR, *(username for username, _, _ in MEMBERS)]
    present = set(User.objects.filter(username__in=wanted).values_list("username", flat=True))
    missing = [username for username in wanted if username not in present]
    for username in missing:
        users.create(
            actor=ACTOR,
            username=username,
            name=username.replace("-", " ").title(),
            password=password,
            is_operator=username == OPERATOR,
            takes_any_password=True,
        )
    return missing


def _make_customers() -> list[str]:
    present = set(Customer.objects.filter(slug__in=CUSTOMERS).values_list("slug", flat=True))
    missing = [slug for slug in CUSTOMERS if slug not in present]
    for slug in missing:
        customers.create(actor=ACTOR, slug=slug, name=CUSTOMERS[slug])
    return missing


def _make_members() -> list[str]:
    """A role that somebody changed since stays changed."""
    present = set(Membership.objects.values_list("user__username", "customer__slug"))
    missing = [member for member in MEMBERS if member[:2] not in present]
    for username, customer, role in missing:
        members.set(actor=ACTOR, customer=customer, username=username, role=role)
    return [username for username, _, _ in missing]
