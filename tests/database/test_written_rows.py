"""Rows that are written by hand are those that Django would write, and whoever listens to Django hears of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import Model
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_customer
from webnet.audit.models import PluginAuditLog
from webnet.database.model_columns import ModelColumns
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db

LOG, CONFIG = ModelColumns(PluginAuditLog, "l"), ModelColumns(CustomerPluginConfig, "c")
CHANGED = ("enabled", "settings", "updated_at")


def make_row(position: int) -> PluginAuditLog:
    return PluginAuditLog(
        position=position,
        chain="platform",
        sequence=position,
        created_at=timezone.now(),
        actor_name="Zoë %s",
        action="enable_plugin",
        outcome="succeeded",
        ip_address="2001:db8::1",
        before={"enabled": None, "%s": ["ü", 1.5, True]},
        text="{}",
        hash="0" * 64,
    )


@pytest.fixture
def config() -> CustomerPluginConfig:
    plugin = PluginConfig.objects.create(name="map")
    return CustomerPluginConfig.objects.create(customer=make_customer(), plugin=plugin)


def columns_of(model: type[Model], pk: Any) -> dict[str, Any]:
    return model._default_manager.values().get(pk=pk)


def test_an_inserted_row_is_the_one_that_django_inserts() -> None:
    by_hand, by_django = make_row(1), make_row(2)
    by_django.created_at = by_hand.created_at

    LOG.insert(by_hand)
    by_django.save(force_insert=True)

    places = {"position": 0, "sequence": 0}
    assert columns_of(PluginAuditLog, 1) | places == columns_of(PluginAuditLog, 2) | places
    assert not by_hand._state.adding and by_hand._state.db == by_django._state.db


def test_an_update_writes_the_named_columns_and_no_others(config: CustomerPluginConfig) -> None:
    before = config.updated_at
    CustomerPluginConfig.objects.update(availability="required")
    config.enabled, config.settings, config.availability = True, {"%s": [None, "ü"]}, "withheld"

    with CaptureQueriesContext(connection) as asked:
        CONFIG.update(config, CHANGED)

    stored = CustomerPluginConfig.objects.get()
    assert len(asked) == 1
    assert (stored.enabled, stored.settings, stored.availability) == (True, {"%s": [None, "ü"]}, "required")
    assert stored.updated_at == config.updated_at > before  # as `auto_now` has it


def test_a_row_that_is_gone_is_an_error_as_it_is_for_django(config: CustomerPluginConfig) -> None:
    CustomerPluginConfig.objects.all().delete()

    with pytest.raises(DatabaseError, match="There is no CustomerPluginConfig"):
        CONFIG.update(config, CHANGED)


@pytest.mark.parametrize("signal", [pre_save, post_save])
@pytest.mark.parametrize("write", [lambda config: CONFIG.update(config, CHANGED), lambda _: LOG.insert(make_row(1))])
def test_receivers_are_called(write: Callable[[Any], None], signal: Any, config: CustomerPluginConfig) -> None:
    heard: list[Model] = []

    def hear(instance: Model, **_: Any) -> None:
        heard.append(instance)

    signal.connect(hear)
    try:
        write(config)
    finally:
        signal.disconnect(hear)

    assert len(heard) == 1
