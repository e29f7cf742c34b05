"""The data that the example of each operation begins with: the demo data, and what has been done with it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.docs.graphql_blocks import log_in
from tests.docs.story_plugins import StoryPlugins
from tests.factories import PASSWORD, actor_for
from webnet.accounts import invitations, members, tokens, users
from webnet.api.vocabulary.node import global_id
from webnet.customers.access import Actor
from webnet.customers.models import Role, User
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.runtime import workers

SYSTEM = Actor.system("tests")


@dataclass
class OperationWorld:
    """What stands for ids and secrets in the examples, and what it stands for."""

    placeholders: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """The text with what the placeholders stand for."""
        for shown, real in self.placeholders.items():
            text = text.replace(shown, real)
        return text


def make_world(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> OperationWorld:
    """The demo data; a token of acme-admin, an invitation for rosa, settings, and a plugin that is paused."""
    settings.WEBNET_DEMO_PASSWORD = PASSWORD
    settings.WEBNET_SETTINGS_KEYS, settings.WEBNET_AUDIT_KEYS = [Fernet.generate_key().decode()], ["A" * 43 + "="]
    StoryPlugins(monkeypatch)
    forget_states()
    call_command("sync_plugins", stdout=io.StringIO())
    call_command("demo", stdout=io.StringIO())
    users.create(actor=SYSTEM, username="rosa", name="Rosa", email="rosa@example.com")
    admin, platform = (User.objects.get(username=name) for name in ("acme-admin", "platform"))
    _set_up_plugins()
    members.set(actor=SYSTEM, customer="globex", username="acme-viewer", role=Role.VIEWER)
    workers.beat("example")
    token = tokens.create(actor=actor_for(admin), name="report")
    invitation = invitations.invite(actor=actor_for(admin), customer="acme", username="rosa", role=Role.VIEWER)
    return OperationWorld(
        {
            "<cursor of an event>": _find_cursor(),
            "<id of the token report>": global_id("ApiToken", token.api_token.pk),
            "<id of the invitation>": global_id("Invitation", invitation.invitation.pk),
            "<secret of the invitation>": invitation.secret,
            "<id of acme>": global_id("Customer", "acme"),
            "<id of hello_world>": global_id("Plugin", "hello_world"),
            "<id of platform>": global_id("User", platform.pk),
            "<id of the membership>": global_id("Membership", "acme/acme-viewer"),
        }
    )


def forget_states() -> None:
    """What this process knows of plugins, since examples are undone."""
    effective.platforms.clear()
    effective.customers.clear()


def _set_up_plugins() -> None:
    for plugin in ("device_inventory", "site_map"):
        manager.enable(plugin, actor=SYSTEM)
        for customer in ("acme", "globex"):
            manager.enable(plugin, actor=SYSTEM, customer=customer)
    manager.update_settings("hello_world", actor=SYSTEM, patch={"greeting": "Welcome"})
    operator = actor_for(User.objects.get(username="acme-operator"))
    manager.update_settings("hello_world", actor=operator, customer="acme", patch={"punctuation": "."})
    manager.check_health("hello_world", actor=SYSTEM)
    manager.pause("site_map", actor=SYSTEM, customer="globex", error="TimeoutError in site_map/views.py")


def _find_cursor() -> str:
    """Of the first row of acme, in its view."""
    client = log_in(Client(), "acme-operator")
    query = 'query { pluginAuditLogs(filter: { action: ["create_customer"] }) { edges { cursor } } }'
    answer = client.post("/graphql/acme/", {"query": query}, content_type="application/json").json()
    cursor: str = answer["data"]["pluginAuditLogs"]["edges"][0]["cursor"]
    return cursor
