"""The demo data: made once, by its command only, with a password that is shown once and a plugin that is on."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.accounts.requests import make_request
from tests.factories import make_user
from webnet.accounts import sessions
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Membership, User
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db

USERNAMES = {"platform", "acme-admin", "acme-operator", "acme-viewer", "globex-admin"}


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("demo", *arguments, stdout=output, stderr=output, no_color=True)
    return output.getvalue()


def sync() -> PluginConfig:
    """What `sync_plugins` finds of the plugin that the demo switches on."""
    call_command("sync_plugins", stdout=io.StringIO())
    return PluginConfig.objects.get(name="hello_world")


def test_demo_makes_customers_and_people_who_can_sign_in_with_the_password_shown(settings: Settings):
    settings.WEBNET_DEMO_PASSWORD = ""

    output = run()

    shown = re.search(r"shown only once: (\S+)$", output.strip())
    assert shown
    for username in USERNAMES:
        sessions.sign_in(make_request(), username=username, password=shown[1])
    assert set(Customer.objects.values_list("slug", flat=True)) == {"acme", "globex"}
    assert set(Membership.objects.values_list("user__username", "customer__slug", "role")) == {
        ("acme-admin", "acme", "admin"),
        ("acme-operator", "acme", "operator"),
        ("acme-viewer", "acme", "viewer"),
        ("globex-admin", "globex", "admin"),
    }
    assert User.objects.get(is_superuser=True).username == "platform"
    assert not PluginAuditLog.objects.filter(text__contains=shown[1]).exists()


def test_a_password_that_is_given_is_taken_and_not_printed(settings: Settings):
    settings.WEBNET_DEMO_PASSWORD = "canary"

    output = run()

    assert "canary" not in output
    sessions.sign_in(make_request(), username="platform", password="canary")


def test_demo_switches_hello_world_on_for_everybody():
    row = sync()

    output = run()

    row.refresh_from_db()
    assert (row.enabled, row.availability) == (True, "default_on")
    assert output.endswith("Enabled hello_world for all customers.\n")
    assert PluginAuditLog.objects.get(action="enable_plugin").actor_name == "command: demo"


def test_demo_does_not_switch_on_again_what_somebody_switched_off():
    row = sync()
    run()
    manager.disable("hello_world", actor=Actor.system("test"))

    run()

    row.refresh_from_db()
    assert not row.enabled


def test_demo_is_made_where_its_plugin_refuses_to_be_switched_on(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: object, context: object) -> None:
        raise RuntimeError

    row = sync()
    monkeypatch.setattr("hello_world.plugin.Plugin.on_enable", refuse)

    output = run()

    row.refresh_from_db()
    assert "hello_world is not enabled: " in output
    assert not row.enabled
    assert User.objects.filter(username="platform").exists()


def test_demo_again_changes_nothing_and_says_so():
    run()
    passwords = dict(User.objects.values_list("username", "password"))
    row_count = PluginAuditLog.objects.count()

    output = run()

    assert output == "The demo data exists already; nothing was changed.\n"
    assert dict(User.objects.values_list("username", "password")) == passwords
    assert PluginAuditLog.objects.count() == row_count


def test_demo_keeps_a_role_that_somebody_changed():
    run()
    Membership.objects.filter(user__username="acme-viewer").update(role="operator")

    run()

    assert Membership.objects.get(user__username="acme-viewer").role == "operator"


def test_demo_if_empty_does_nothing_where_there_is_any_user():
    make_user("ada")

    assert run("--if-empty") == ""

    assert User.objects.count() == 1
    assert not Customer.objects.exists()


def test_demo_if_empty_makes_everything_on_a_first_start():
    run("--if-empty")

    assert set(User.objects.values_list("username", flat=True)) == USERNAMES
