"""Creates demo data: two customers, five users with one password, and a plugin that is enabled for all."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from webnet.accounts import customers, members, users
from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Membership, Role, User
from webnet.errors import Refusal
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig
from webnet.program import PROGRAM

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
        "Creates demo data: the customers acme and globex, the platform operator 'platform', and the members "
        "acme-admin, acme-operator, acme-viewer and globex-admin. Their password is WEBNET_DEMO_PASSWORD, or else a "
        "random one, which is printed once. The first time, the plugin hello_world is enabled for all customers if "
        f"'{PROGRAM} sync_plugins' has found it. Existing data is not changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing if there are any users")

    def handle(self, **options: Any) -> None:
        if options["if_empty"] and User.objects.exists():
            return
        given = settings.WEBNET_DEMO_PASSWORD
        password = given or secrets.token_urlsafe(12)
        with refusals_as_command_errors():
            new_users = _create_users(password)
            new_rows = [*_create_customers(), *_create_members()]
        if not new_users and not new_rows:
            self.stdout.write("The demo data exists already; nothing was changed.")
        if new_users:
            password_note = "is that of WEBNET_DEMO_PASSWORD." if given else f"is shown only once: {password}"
            self.stdout.write(f"Created the demo users {', '.join(new_users)}. Their password {password_note}")
        if OPERATOR in new_users and PluginConfig.objects.filter(name=PLUGIN).exists():
            self._enable_plugin()

    def _enable_plugin(self) -> None:
        """Enable the plugin, or print why that is refused; the demo data is created in either case."""
        try:
            manager.enable(PLUGIN, actor=ACTOR, availability=Availability.DEFAULT_ON, reason="Demo data")
        except Refusal as refusal:
            self.stderr.write(f"{PLUGIN} is not enabled: {refusal.message}")
        else:
            self.stdout.write(f"Enabled {PLUGIN} for all customers.")


def _create_users(password: str) -> list[str]:
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


def _create_customers() -> list[str]:
    present = set(Customer.objects.filter(slug__in=CUSTOMERS).values_list("slug", flat=True))
    missing = [slug for slug in CUSTOMERS if slug not in present]
    for slug in missing:
        customers.create(actor=ACTOR, slug=slug, name=CUSTOMERS[slug])
    return missing


def _create_members() -> list[str]:
    """Create the missing members; existing ones keep their role, which may have been changed on purpose."""
    present = set(Membership.objects.values_list("user__username", "customer__slug"))
    missing = [member for member in MEMBERS if member[:2] not in present]
    for username, customer, role in missing:
        members.set(actor=ACTOR, customer=customer, username=username, role=role)
    return [username for username, _, _ in missing]
