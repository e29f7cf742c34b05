"""Processes that end in plugins' code: who is named and counted, and who is paused for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.black_box import FOLDER, BlackBox
from webnet.plugins.base import PluginBase
from webnet.plugins.changes.deaths import count_and_pause
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginDeath
from webnet.plugins.runtime import deaths

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Labels(PluginBase):
    name = "labels"
    version = "1.0"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch) -> Iterator[None]:
    settings.WEBNET_DATA_DIR = tmp_path
    monkeypatch.setattr(deaths, "_suspects", frozenset())


@pytest.fixture
def acme(install):
    install(Inventory(), Labels(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    make_customer("globex")
    return make_customer("acme")


def die_in(settings, *calls: tuple[str, int | None, int | None], was_ending: bool = False) -> None:
    """A process ends with a thread in each of these calls: of a plugin, for a customer, by a user."""
    box = BlackBox(settings.WEBNET_DATA_DIR / FOLDER)  # whose lock, of this very process, does not keep it out
    for thread, (plugin, customer, user) in enumerate(calls):
        slot = box.enter(box.find_number(plugin, "Query.devices"), customer or 0, user or 0)
        box.words[slot + 4] = thread
    if was_ending:
        box.announce_end()
    count_and_pause()


def paused() -> set[tuple[str, str]]:
    customers = CustomerPluginConfig.objects.filter(paused_until__isnull=False)
    platform = PluginConfig.objects.filter(paused_until__isnull=False)
    return {(row.plugin.name, row.customer.slug) for row in customers} | {(row.name, "") for row in platform}


def test_the_first_death_names_the_plugin_and_pauses_nothing(settings, acme, caplog):
    die_in(settings, ("inventory", acme.pk, 7))

    assert "has ended while plugin 'inventory' ran (in Query.devices)" in caplog.text
    assert paused() == set()
    assert deaths.is_suspect("inventory") and not deaths.is_suspect("labels")


def test_the_second_one_pauses_it_for_the_customer_whose_request_it_was(settings, acme):
    die_in(settings, ("inventory", acme.pk, 7))
    die_in(settings, ("inventory", acme.pk, 8))

    assert paused() == {("inventory", "acme")}
    row = PluginAuditLog.objects.get(action="pause_plugin")
    assert (row.actor_name, row.reason) == ("quarantine", "2 processes have ended in it within a day.")
    assert row.after["error"] == "the process ended in Query.devices"


def test_what_ran_at_the_same_time_by_chance_is_not_paused(settings, acme):
    die_in(settings, ("inventory", acme.pk, None), ("labels", acme.pk, None))
    die_in(settings, ("inventory", acme.pk, None))

    assert paused() == {("inventory", "acme")}


def test_what_always_runs_at_the_same_time_is_paused_at_the_third_death(settings, acme):
    for _ in range(2):
        die_in(settings, ("inventory", acme.pk, None), ("labels", acme.pk, None))
    assert paused() == set()

    die_in(settings, ("inventory", acme.pk, None), ("labels", acme.pk, None))

    assert paused() == {("inventory", "acme"), ("labels", "acme")}


def test_a_process_that_was_told_to_end_blames_nobody(settings, acme):
    for _ in range(3):
        die_in(settings, ("inventory", acme.pk, None), was_ending=True)

    assert (paused(), PluginDeath.objects.count()) == (set(), 0)


def test_deaths_of_yesterday_are_forgotten(settings, acme):
    die_in(settings, ("inventory", acme.pk, None))
    PluginDeath.objects.update(died_at=timezone.now() - timedelta(hours=25))

    die_in(settings, ("inventory", acme.pk, None))

    assert (paused(), PluginDeath.objects.count()) == (set(), 1)


def test_whoever_resumes_the_plugin_takes_it_for_mended(settings, acme):
    for _ in range(2):
        die_in(settings, ("inventory", acme.pk, None))
    manager.resume("inventory", actor=actor_for(make_operator()), customer="acme")

    die_in(settings, ("inventory", acme.pk, None))

    assert paused() == set()


def test_on_the_platforms_view_it_is_paused_for_the_customers_of_the_user(settings, acme):
    user = make_member("ada", acme)
    make_membership(user, make_customer("initech"))

    for _ in range(2):
        die_in(settings, ("inventory", None, user.pk))

    assert paused() == {("inventory", "acme"), ("inventory", "initech")}


@pytest.mark.parametrize("make_user", [None, make_operator])
def test_what_concerns_no_customer_in_particular_is_paused_for_everybody(settings, acme, make_user):
    user = make_user().pk if make_user else None

    for _ in range(2):
        die_in(settings, ("inventory", None, user))

    assert paused() == {("inventory", "")}


def test_a_plugin_that_was_uninstalled_since_is_no_problem(settings, acme, caplog):
    for _ in range(2):
        die_in(settings, ("another", acme.pk, None))

    assert "Plugin 'another' could not be paused" in caplog.text
