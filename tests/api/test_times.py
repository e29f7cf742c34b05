"""When something was made and changed last: kept by every way to write it, and shown to those who may know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories import PASSWORD
from webnet.accounts import users
from webnet.audit.operation import renew_customer, renew_platform
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role, User
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings.validity import _store_faults

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
LONG_AGO = datetime(2001, 2, 3, tzinfo=UTC)
TIMES = "createdAt updatedAt"
SHOWN = "2001-02-03T00:00:00Z"


@pytest.fixture(autouse=True)
def _greeter_was_chosen_long_ago(world):
    manager.enable("greeter", actor=SYSTEM)
    manager.enable("greeter", actor=SYSTEM, customer="acme")
    for model in (PluginConfig, CustomerPluginConfig, Customer):
        model.objects.update(created_at=LONG_AGO, updated_at=LONG_AGO)
    User.objects.update(date_joined=LONG_AGO, updated_at=LONG_AGO)
    renew_platform()
    renew_customer(world.acme)


def for_acme(change: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[], Any]:
    return lambda: change("greeter", *arguments, actor=SYSTEM, customer="acme", **options)


def for_all(change: Callable[..., Any], **options: Any) -> Callable[[], Any]:
    return lambda: change("greeter", actor=SYSTEM, **options)


def batch(action: str) -> Callable[[], Any]:
    return lambda: manager.apply_to_customers(
        "greeter", actor=SYSTEM, action=PlanAction(action), customers=["acme", "globex"]
    )


def fault() -> None:
    _store_faults({CustomerPluginConfig.objects.get(customer__slug="acme").pk: "Wrong."})


CHANGES_OF_A_CONFIG = {
    "a choice": for_acme(manager.disable),
    "no choice": for_acme(manager.reset),
    "an availability": for_acme(manager.set_availability, availability="required"),
    "settings": for_acme(manager.update_settings, patch={"greeting": "Hi"}),
    "a permission": lambda: manager.set_permission(
        "greeter.shout", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=True
    ),
    "many customers": batch("disable"),
    "a pause": for_acme(manager.pause),
    "invalid settings": fault,
}
CHANGES_OF_A_PLUGIN = {
    "off": for_all(manager.disable),
    "an availability": for_all(manager.set_availability, availability="default_on"),
    "settings": for_all(manager.update_settings, patch={"greeting": "Hi"}),
    "a pause": for_all(manager.pause),
}


@pytest.mark.parametrize("name", CHANGES_OF_A_CONFIG)
def test_each_change_of_a_config_is_its_last(name):
    CHANGES_OF_A_CONFIG[name]()

    config = CustomerPluginConfig.objects.get(customer__slug="acme")
    assert config.updated_at > config.created_at == LONG_AGO


@pytest.mark.parametrize("name", CHANGES_OF_A_PLUGIN)
def test_each_change_of_a_plugin_is_its_last(name):
    CHANGES_OF_A_PLUGIN[name]()

    plugin = PluginConfig.objects.get(name="greeter")
    assert plugin.updated_at > plugin.created_at == LONG_AGO


@pytest.mark.parametrize(
    "choose", [lambda: manager.enable("greeter", actor=SYSTEM, customer="globex"), batch("enable")]
)
def test_a_first_choice_is_when_the_config_was_made(choose):
    choose()

    config = CustomerPluginConfig.objects.get(customer__slug="globex")
    assert config.created_at > LONG_AGO and config.updated_at >= config.created_at


def test_a_sync_that_finds_nothing_new_changes_no_plugin():
    manager.sync(actor=SYSTEM)
    row = PluginConfig.objects.get(name="greeter")
    assert row.updated_at == LONG_AGO < row.synced_at

    PluginConfig.objects.update(version="0.1", verbose_name="Former")
    manager.sync(actor=SYSTEM)

    row = PluginConfig.objects.get(name="greeter")
    assert row.verbose_name == "Greeter" and row.updated_at > LONG_AGO == row.created_at


def test_a_customers_times_are_shown_to_its_members(admin, viewer, platform):
    query = f'{{ customer(slug: "acme") {{ {TIMES} }} }}'
    before = viewer.data(query)["customer"]

    platform.mutate("updateCustomer", "changed", customer="acme", name="Acme & Sons")
    changed = viewer.data(query)["customer"]
    admin.mutate("removeMember", "changed", customer="acme", username="oscar")

    assert before == {"createdAt": SHOWN, "updatedAt": SHOWN}
    assert changed["createdAt"] == SHOWN < changed["updatedAt"]
    assert viewer.data(query)["customer"] == changed


def test_a_row_that_an_older_process_has_added_shows_when_it_was_made(platform):
    """It does not know the columns."""
    Customer.objects.update(updated_at=None)
    User.objects.update(updated_at=None)
    query = f"{{ customers {{ nodes {{ {TIMES} }} }} viewer {{ user {{ {TIMES} }} }} }}"

    data = platform.data(query)

    made = {"createdAt": SHOWN, "updatedAt": SHOWN}
    assert data == {"customers": {"nodes": [made, made]}, "viewer": {"user": made}}


def test_a_plugins_and_a_configs_times(viewer):
    data = viewer.data(
        f"""{{ plugin(name: "greeter") {{ {TIMES} }}
        customer(slug: "acme") {{ pluginConfigs {{ nodes {{ plugin {{ name }} {TIMES} }} }} }} }}"""
    )

    shown = {"createdAt": SHOWN, "updatedAt": SHOWN}
    assert data["plugin"] == shown
    assert data["customer"]["pluginConfigs"]["nodes"] == [{"plugin": {"name": "greeter"}, **shown}]


def test_a_users_times_are_shown_to_those_who_see_the_email_address(admin, operator, viewer, platform, world):
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on User {{ username email {TIMES} }} }} }}"
    users.set_password(actor=SYSTEM, username="vera", password=PASSWORD)
    [vera] = [
        each["user"]["id"]
        for each in admin.data('{ customer(slug: "acme") { members { nodes { user { id username } } } } }')["customer"][
            "members"
        ]["nodes"]
        if each["user"]["username"] == "vera"
    ]

    seen = {
        who: client.data(query, id=vera)["node"]
        for who, client in {"own": viewer, "admin": admin, "platform": platform, "operator": operator}.items()
    }

    assert seen["operator"] == {"username": "vera", "email": None, "createdAt": None, "updatedAt": None}
    assert seen["own"] == seen["admin"] == seen["platform"]
    assert seen["own"]["createdAt"] == SHOWN < seen["own"]["updatedAt"]
    users.set_active(actor=SYSTEM, username="oscar", is_active=False)
    assert User.objects.get(username="oscar").updated_at > LONG_AGO
