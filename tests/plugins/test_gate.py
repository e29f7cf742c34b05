"""The gate in Python and the gate in SQL are one rule; and what it derives is never stale."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories import actor_for, make_customer, make_operator
from webnet.audit.models import Generation
from webnet.customers.access import visible_customers
from webnet.customers.models import Customer
from webnet.plugins.base import PluginBase
from webnet.plugins.gate import effective
from webnet.plugins.gate.effective import customer_states, effective_customers, platform_state
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Sites(PluginBase):
    name = "sites"
    version = "2.0"
    dependencies = ("inventory>=1",)


def customers():
    return list(visible_customers(actor_for(make_operator())))


def test_python_and_sql_agree_for_every_mix_of_availability_and_choice(install):
    install(Inventory(), Sites(), enabled=True)
    rows = PluginConfig.objects.in_bulk(field_name="name")
    overrides = ["", *Availability.values]
    for number, (own, needed, choice, other) in enumerate(
        product(overrides, overrides, (None, True, False), (None, True, False))
    ):
        customer = make_customer(f"c{number}", is_active=number % 7 != 0)
        for name, availability, enabled in (("sites", own, choice), ("inventory", needed, other)):
            CustomerPluginConfig.objects.create(
                customer=customer, plugin=rows[name], availability=availability, enabled=enabled
            )
    make_customer("without-rows")
    everybody = customers()

    for availability in Availability:
        PluginConfig.objects.update(availability=availability)
        states = customer_states(everybody, platform_state())
        for name in ("inventory", "sites"):
            in_python = {c.slug for c in everybody if name in states[c.pk].effective}
            assert in_python == set(effective_customers(name).values_list("slug", flat=True)), (availability, name)
        effective.platforms.clear()
        effective.customers.clear()


def test_python_and_sql_agree_for_every_mix_of_settings_that_do_not_fit(install):
    install(Inventory(), Sites(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    rows = PluginConfig.objects.in_bulk(field_name="name")
    layers = list(product(({}, {"a": 1}), ({}, {"/b": {}}), ("", "do not fit.")))
    for number, (own, needed) in enumerate(product(layers, layers)):
        customer = make_customer(f"c{number}")
        for name, (settings, secrets, fault) in (("sites", own), ("inventory", needed)):
            CustomerPluginConfig.objects.create(
                customer=customer, plugin=rows[name], settings=settings, secrets=secrets, settings_fault=fault
            )
    make_customer("without-rows")
    everybody = customers()

    for faults in product(("", "do not fit."), repeat=2):
        for name, fault in zip(("sites", "inventory"), faults, strict=True):
            PluginConfig.objects.filter(name=name).update(settings_fault=fault)
        states = customer_states(everybody, platform_state())
        for name in ("inventory", "sites"):
            in_python = {c.slug for c in everybody if name in states[c.pk].effective}
            assert in_python == set(effective_customers(name).values_list("slug", flat=True)), (faults, name)
            assert 0 < len(in_python) < len(everybody)
        effective.platforms.clear()
        effective.customers.clear()


def test_python_and_sql_agree_for_every_mix_of_pauses(install):
    install(Inventory(), Sites(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    rows = PluginConfig.objects.in_bulk(field_name="name")
    # Also one that is over already: it holds until somebody writes that it is.
    ends = (None, timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1))
    for number, (own, needed) in enumerate(product(ends, repeat=2)):
        customer = make_customer(f"c{number}")
        for name, end in (("sites", own), ("inventory", needed)):
            CustomerPluginConfig.objects.create(customer=customer, plugin=rows[name], paused_until=end)
    make_customer("without-rows")
    everybody = customers()

    states = customer_states(everybody, platform_state())

    for name, expected in (("inventory", 4), ("sites", 2)):
        in_python = {c.slug for c in everybody if name in states[c.pk].effective}
        assert in_python == set(effective_customers(name).values_list("slug", flat=True)), name
        assert len(in_python) == expected


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"status": "failed"}, {"status": "missing"}, {"version": "0.9"}, {"status": "paused"}],
)
def test_what_its_dependency_lost_is_effective_for_nobody(install, change):
    install(Inventory(), Sites(), enabled=True)
    make_customer()
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    PluginConfig.objects.filter(name="inventory").update(**change)

    assert not effective_customers("sites").exists()
    (customer,) = customers()
    assert "sites" not in customer_states([customer], platform_state())[customer.pk].effective


def test_plugins_in_a_circle_are_effective_for_nobody(install):
    install(Inventory(), Sites(), enabled=True)
    make_customer()
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    PluginConfig.objects.filter(name="inventory").update(dependencies=[{"name": "sites", "specifier": ""}])

    (customer,) = customers()
    state = customer_states([customer], platform_state())[customer.pk]

    assert state.effective == frozenset() and not effective_customers("inventory").exists()
    (reason,) = state.reasons("inventory")
    assert "'inventory' needs 'sites', which needs 'inventory'" in reason.message


def test_many_customers_are_read_in_one_statement_and_then_in_none(install, django_assert_num_queries):
    install(Inventory(), enabled=True)
    for number in range(30):
        make_customer(f"c{number}")
    everybody, platform = customers(), platform_state()

    with django_assert_num_queries(1):
        customer_states(everybody, platform)
    with django_assert_num_queries(0):
        states = customer_states(everybody, platform)

    assert len(states) == 30


def test_the_cached_state_is_left_as_soon_as_a_token_is_renewed(install):
    install(Inventory(), enabled=True)
    customer = make_customer()
    operator = actor_for(make_operator())
    manager.enable("inventory", actor=operator, customer="acme")
    (seen,) = visible_customers(operator)
    assert "inventory" in customer_states([seen])[customer.pk].effective

    manager.disable("inventory", actor=operator, customer="acme")

    (seen,) = visible_customers(operator)
    assert "inventory" not in customer_states([seen])[customer.pk].effective


def test_nothing_is_cached_inside_an_open_transaction(install):
    install(Inventory(), enabled=True)
    make_customer()
    (seen,) = customers()
    token = Generation.objects.get(customer=None).token
    with transaction.atomic():
        PluginConfig.objects.update(availability=Availability.REQUIRED)
        assert "inventory" in customer_states([seen], platform_state(token))[seen.pk].effective
        transaction.set_rollback(True)

    assert "inventory" not in customer_states([seen], platform_state(token))[seen.pk].effective


def test_a_cached_state_does_not_carry_one_viewers_role_to_another(install):
    install(Inventory(), enabled=True)
    make_customer()
    (seen,) = customers()

    state = customer_states([seen])[seen.pk]

    assert seen.member_role == "admin" and not hasattr(state.customer, "member_role")
    assert isinstance(state.customer, Customer)
