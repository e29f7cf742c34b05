"""What a change knows without reading it again: never more than the rows say, whoever else writes or rolls back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import Generation, PluginAuditLog
from webnet.audit.operation import renew_customer, transaction_with_answer, undo_with_answer
from webnet.customers.access import Actor, find_customer
from webnet.customers.models import Customer, Role
from webnet.errors import NotFound
from webnet.plugins.base import HookContext, PluginBase
from webnet.plugins.gate import effective
from webnet.plugins.gate.rules import CustomerState
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)


class Base(PluginBase):
    name = "base"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"size": {"type": "number"}, "key": {"writeOnly": True}}}

    def get_permissions(self) -> list[Any]:
        return [{"name": "tune", "description": "Tune"}]


class User(PluginBase):
    name = "user"
    version = "1.0"
    dependencies = ("base",)


class Meddling(PluginBase):
    """Its hook does, in the transaction of its change, what the test says."""

    name = "meddling"
    version = "1.0"

    def __init__(self, meddle: Callable[[HookContext], object]) -> None:
        self._meddle = meddle

    def on_enable(self, context: HookContext) -> None:
        self._meddle(context)


@pytest.fixture
def operator() -> Actor:
    return actor_for(make_operator())


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


def current(actor: Actor) -> CustomerState:
    """As the next request has it."""
    customer = find_customer(actor, "acme")
    token = Generation.objects.get(customer=None).token
    return effective.customer_states([customer], effective.platform_state(token))[customer.pk]


def columns(row: CustomerPluginConfig | PluginConfig) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def describe(state: CustomerState) -> dict[str, Any]:
    """All that a state says."""
    names = state.platform.plugins
    return {
        "choices": {name: columns(row) for name, row in state.rows.items()},
        "plugins": {name: columns(row) for name, row in names.items()},
        "order": list(names),
        "effective": state.effective,
        "reasons": {name: state.reasons(name) for name in names},
        "nodes": dict(state.platform.nodes),
        "unloaded": dict(state.platform.unloaded),
        "token": state.platform.token,
    }


CHANGES: dict[str, Callable[[Actor], object]] = {
    "a first choice": lambda actor: manager.enable("base", actor=actor, customer="acme"),
    "a choice with its dependencies": lambda actor: manager.enable(
        "user", actor=actor, customer="acme", with_dependencies=True
    ),
    "a forgotten choice": lambda actor: manager.reset("base", actor=actor, customer="acme"),
    "an availability": lambda actor: manager.set_availability(
        "base", actor=actor, customer="acme", availability=Availability.REQUIRED
    ),
    "everybody's availability": lambda actor: manager.set_availability(
        "base", actor=actor, availability=Availability.DEFAULT_ON
    ),
    "everybody's switch": lambda actor: manager.disable("user", actor=actor),
    "settings": lambda actor: manager.update_settings(
        "base", actor=actor, customer="acme", patch={"size": 1.0, "key": "secret"}
    ),
    "everybody's settings": lambda actor: manager.update_settings("base", actor=actor, patch={"size": 2.50}),
    "a permission": lambda actor: manager.set_permission(
        "base.tune", actor=actor, customer="acme", role=Role.VIEWER, granted=True
    ),
    "a pause": lambda actor: manager.pause("base", actor=actor, customer="acme"),
    "everybody's pause": lambda actor: manager.pause("base", actor=actor),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_kept_of_a_change_is_what_the_rows_say(
    install: Callable[..., None], operator: Actor, acme: Customer, what: str
) -> None:
    install(Base(), User(), enabled=True)
    describe(current(operator))  # which computes what the next state may keep

    CHANGES[what](operator)

    kept = describe(current(operator))
    effective.platforms.clear()
    effective.customers.clear()
    assert kept == describe(current(operator))


def test_the_request_after_a_choice_reads_no_rows(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    install(Base(), enabled=True)
    current(operator)
    manager.enable("base", actor=operator, customer="acme")

    with CaptureQueriesContext(connection) as statements:
        state = current(operator)

    assert "base" in state.effective
    assert [each["sql"] for each in statements if "pluginconfig" in each["sql"]] == []


@pytest.mark.parametrize("customer", ["acme", None])
def test_a_change_that_is_undone_with_its_answer_is_not_kept(
    install: Callable[..., None], operator: Actor, acme: Customer, customer: str | None
) -> None:
    install(Base(), enabled=True)
    manager.enable("base", actor=operator, customer="acme")
    before = describe(current(operator))

    with transaction_with_answer():
        assert manager.disable("base", actor=operator, customer=customer).changed
        undo_with_answer()

    assert describe(current(operator)) == before
    assert "base" in current(operator).effective
    assert manager.disable("base", actor=operator, customer=customer).changed


def test_a_change_without_its_audit_row_is_not_kept(
    install: Callable[..., None], operator: Actor, acme: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Base(), enabled=True)
    before = describe(current(operator))

    def fail(_: object) -> None:
        raise ValueError

    with monkeypatch.context() as broken, transaction_with_answer():
        broken.setattr("webnet.audit.log.record_all", fail)
        with pytest.raises(ValueError):  # noqa: PT011 - of this test
            manager.enable("base", actor=operator, customer="acme")

    assert describe(current(operator)) == before
    assert not CustomerPluginConfig.objects.exists()


def test_what_another_process_has_changed_is_seen_by_the_next_change(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    install(Base(), enabled=True)
    manager.enable("base", actor=operator, customer="acme")
    current(operator)
    # As another process does: it knows nothing of what is cached here.
    CustomerPluginConfig.objects.update(enabled=False)
    renew_customer(acme)

    assert not manager.disable("base", actor=operator, customer="acme").changed
    assert manager.enable("base", actor=operator, customer="acme").changed


def test_what_a_hook_writes_past_the_manager_is_seen_by_the_next_request(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    def meddle(_: HookContext) -> None:
        CustomerPluginConfig.objects.filter(plugin__name="base").update(enabled=False)

    install(Base(), Meddling(meddle), enabled=True)
    manager.enable("base", actor=operator, customer="acme")
    assert "base" in current(operator).effective

    change = manager.enable("meddling", actor=operator, customer="acme")

    assert change.changed and change.state is None
    assert current(operator).effective == {"meddling"}


def test_what_a_plugin_does_with_an_object_that_it_gets_is_seen_by_nobody(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    def meddle(context: HookContext) -> None:
        assert context.customer is not None
        context.customer.is_active = False
        context.customer.name = "Mine"
        with pytest.raises(TypeError):
            context.settings["size"] = 3  # type: ignore[index]

    install(Meddling(meddle), enabled=True)
    before = current(operator)

    manager.enable("meddling", actor=operator, customer="acme")

    assert before.customer.name == current(operator).customer.name == "Acme"
    assert current(operator).effective == {"meddling"}


def test_a_plugins_statement_before_the_commit_keeps_nothing(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    """As a field of the answer that belongs to a plugin: it runs after the change, in its transaction."""
    install(Base(), enabled=True)
    current(operator)

    with transaction_with_answer():
        manager.enable("base", actor=operator, customer="acme")
        with operations_of_a_plugin():
            CustomerPluginConfig.objects.update(enabled=False)

    assert current(operator).effective == set()


def operations_of_a_plugin() -> Any:
    from webnet.plugins.runtime.calls import calling

    return calling("base", "Query.base")


def test_a_customer_without_a_generation_gets_one_with_its_first_change(
    install: Callable[..., None], operator: Actor, acme: Customer
) -> None:
    install(Base(), enabled=True)
    Generation.objects.filter(customer=acme).delete()

    assert manager.enable("base", actor=operator, customer="acme").changed

    assert Generation.objects.get(customer=acme).counter == 1
    assert "base" in current(operator).effective


def test_a_stranger_is_refused_as_if_the_customer_did_not_exist(install: Callable[..., None], acme: Customer) -> None:
    install(Base(), enabled=True)
    stranger = actor_for(make_member("gus", make_customer("globex"), Role.ADMIN))
    limited = actor_for(make_operator("limited"), only_customer_id=Customer.objects.get(slug="globex").pk)

    for actor in (stranger, limited, Actor(name="anonymous")):
        with pytest.raises(NotFound):
            manager.enable("base", actor=actor, customer="acme")

    assert not CustomerPluginConfig.objects.exists()
    assert set(PluginAuditLog.objects.filter(outcome="refused").values_list("customer_id", flat=True)) <= {None}
