"""The same choice for many customers, written together: as if made for one after the other, in few statements."""

from __future__ import annotations

import random
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from tests.plugins.audit_logs import find_faults
from webnet.audit import batches as audit_batches
from webnet.audit.log import MINUTE_SECONDS, write_due
from webnet.audit.models import AuditHead, Generation, PluginAuditLog, RefusalCount
from webnet.customers.models import Customer, Role
from webnet.plugins.base import PluginBase
from webnet.plugins.changes import batches
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, OwedCall, PluginConfig

pytestmark = pytest.mark.django_db


def plugin(name: str, *dependencies: str) -> PluginBase:
    return type(name, (PluginBase,), {"name": name, "version": "1.0", "dependencies": dependencies})()


class Hooked(PluginBase):
    name = "hooked"
    version = "1.0"
    called: list[str]

    def on_enable(self, context) -> None:
        self.called.append(context.customer.slug)
        if context.customer.slug == "c01":
            raise RuntimeError("not on a Monday")


class Announcing(PluginBase):
    name = "announcing"
    version = "1.0"

    def after_enable(self, context) -> None:
        raise RuntimeError("nobody listens")


SWITCHES = (PlanAction.ENABLE, PlanAction.DISABLE, PlanAction.RESET)
# map needs devices and sites, which need devices; reports need map. The others are obstacles of each kind.
FAMILY = (
    plugin("devices"),
    plugin("sites", "devices"),
    plugin("map", "sites>=1", "devices"),
    plugin("reports", "map"),
    plugin("future", "devices>=2"),
    plugin("lonely", "absent"),
    plugin("idle"),
)


@pytest.fixture
def operator():
    return actor_for(make_operator())


def make_customers(count: int) -> list[str]:
    made = Customer.objects.bulk_create([Customer(slug=f"c{n:02}", name=f"C{n}") for n in range(count)])
    Generation.objects.bulk_create([Generation(customer=customer) for customer in made])
    return [customer.slug for customer in made]


def stored() -> dict[str, list]:
    """What is in the tables, without what is random or a time."""
    columns = [
        *("position", "chain", "sequence", "actor_id", "role", "customer_id", "customer_slug", "plugin_name", "action"),
        *("plugin_version", "outcome", "error_code", "reason", "before", "after"),
    ]
    return {
        "configs": sorted(
            CustomerPluginConfig.objects.values_list("customer", "plugin", "enabled", "availability", "settings"),
            key=str,
        ),
        "log": list(PluginAuditLog.objects.order_by("position").values_list(*columns)),
        "heads": list(AuditHead.objects.order_by("chain").values_list("chain", "sequence")),
        "generations": list(Generation.objects.order_by("pk").values_list("customer", "counter")),
        "refusals": sorted(RefusalCount.objects.values_list("key", "count", "columns"), key=str),
        "calls": list(OwedCall.objects.values_list("customer", "hook")),
    }


@contextmanager
def undone():
    """Not a block of `atomic`, within which no change may begin."""
    savepoint = connection.savepoint()
    yield
    connection.savepoint_rollback(savepoint)


def describe(outcomes):
    return [
        (
            each.customer_slug,
            each.change and (each.change.plugin, each.change.customer.slug, each.change.changed, each.change.also),
            each.refusal and (type(each.refusal), each.refusal.code, each.refusal.message),
        )
        for each in outcomes
    ]


@pytest.mark.slow
def test_any_batch_does_what_one_change_after_the_other_does(install, monkeypatch):
    install(*FAMILY, enabled=True)
    monkeypatch.setattr("webnet.audit.log._this_minute", lambda: 7)  # so that no minute ends between the two
    slugs = make_customers(7)
    customers, plugins = list(Customer.objects.all()), list(PluginConfig.objects.all())
    member = make_user("ann")
    for customer, role in zip(customers[1:], [Role.VIEWER, *[Role.OPERATOR] * 3, Role.ADMIN], strict=False):
        make_membership(member, customer, role)
    actors = [actor_for(make_operator()), actor_for(member), actor_for(member, only_customer_id=customers[3].pk)]
    actors.append(actor_for(member, maximum_role=Role.VIEWER))
    seen: set[object] = set()

    for seed in range(30):
        chance = random.Random(seed)  # noqa: S311 - nothing secret
        with undone():
            for row in plugins:
                row.enabled = chance.random() > 0.2
                row.availability = chance.choices(Availability.values, weights=(1, 6, 3, 2))[0]
                row.save()
            CustomerPluginConfig.objects.bulk_create(
                CustomerPluginConfig(
                    customer=customer,
                    plugin=row,
                    enabled=chance.choice((None, True, True, False)),
                    availability=chance.choice(("", "", "", *Availability.values)),
                )
                for customer in customers
                for row in plugins
                if chance.random() > 0.2
            )
            wanted = chance.sample([*slugs, "absent", "never", "no slug\0"], k=9)
            batch = {
                "actor": chance.choices(actors, weights=(6, 4, 1, 1))[0],
                "customers": wanted,
                "action": chance.choices((PlanAction.ENABLE, PlanAction.DISABLE, PlanAction.RESET), weights=(4, 2, 1))[
                    0
                ],
                "cascade": chance.random() > 0.5,
                "reason": f"seed {seed}",
            }
            name = chance.choices(FAMILY, weights=(4, 3, 3, 2, 1, 1, 2))[0].name
            with undone(), pytest.MonkeyPatch.context() as patch:
                patch.setattr(batches, "_has_receivers", lambda: True)
                alone = describe(manager.apply_to_customers(name, **batch)), stored()
            together = describe(manager.apply_to_customers(name, **batch)), stored()

            assert together == alone, f"seed {seed}"
            seen |= {refusal[1] for _, _, refusal in together[0] if refusal}
            seen |= {(change[2], bool(change[3])) for _, change, _ in together[0] if change}

    assert seen >= {
        *("CUSTOMER_NOT_FOUND", "PLUGIN_NOT_FOUND", "ROLE_TOO_LOW", "AVAILABILITY", "PLUGIN_DISABLED"),
        *("DEPENDENCY_DISABLED", "DEPENDENTS_ENABLED"),
        *((True, True), (True, False), (False, False)),
    }


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_hundred_customers_take_less_than_a_statement_each(install, operator, is_refused):
    install(*FAMILY, enabled=True)
    slugs = make_customers(100)
    if is_refused:
        PluginConfig.objects.filter(name="idle").update(availability=Availability.WITHHELD)

    with CaptureQueriesContext(connection) as statements:
        outcomes = manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)

    assert [bool(outcome.refusal) for outcome in outcomes] == [is_refused] * 100
    assert len(statements) <= 50
    rows = PluginAuditLog.objects.filter(plugin_name="idle", outcome="refused" if is_refused else "succeeded")
    assert sorted(rows.values_list("customer_slug", flat=True)) == slugs
    assert find_faults() == []


def test_more_customers_than_a_chunk_have_a_transaction_for_each_chunk(install, operator, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK_SIZE", 2)
    install(*FAMILY, enabled=True)
    slugs = make_customers(5)
    tokens = set(Generation.objects.values_list("token", flat=True))
    writes = []
    monkeypatch.setattr(
        batches, "_write", lambda plans, write=batches._write: (writes.append(len(plans)), write(plans))
    )

    outcomes = manager.apply_to_customers("idle", actor=operator, customers=slugs[::-1], action=PlanAction.ENABLE)

    assert writes == [2, 2, 1]
    assert [outcome.customer_slug for outcome in outcomes] == slugs[::-1]
    renewed = Generation.objects.exclude(token__in=tokens)
    assert len(set(renewed.values_list("token", flat=True))) == 5
    assert find_faults() == []


def test_a_choice_that_holds_already_writes_nothing(install, operator):
    install(*FAMILY, enabled=True)
    slugs = make_customers(3)
    manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)
    before = stored(), set(Generation.objects.values_list("token", flat=True))

    outcomes = manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)

    assert [outcome.change.changed for outcome in outcomes] == [False] * 3
    assert (stored(), set(Generation.objects.values_list("token", flat=True))) == before


def test_a_deadlock_is_tried_again_and_nothing_is_written_twice(install, operator, monkeypatch):
    install(*FAMILY, enabled=True)
    slugs = [*make_customers(3), "absent"]
    before = PluginAuditLog.objects.count()
    append, attempts = audit_batches.audit_log.record_all, []

    def fail_once(entries):
        append(entries)
        attempts.append(1)
        if len(attempts) == 1:
            error = OperationalError("deadlock detected")
            error.__cause__ = type("DeadlockDetected", (Exception,), {"sqlstate": "40P01"})()
            raise error

    monkeypatch.setattr(audit_batches.audit_log, "record_all", fail_once)

    outcomes = manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)

    assert [outcome.change and outcome.change.changed for outcome in outcomes] == [True, True, True, None]
    assert len(attempts) == 2
    assert PluginAuditLog.objects.count() == before + 4
    assert set(Generation.objects.filter(customer__isnull=False).values_list("counter", flat=True)) == {1}
    assert not RefusalCount.objects.exclude(count=0).exists()


def test_equal_refusals_of_a_batch_are_one_row_and_a_count(install, operator, monkeypatch):
    monkeypatch.setattr("webnet.audit.log._this_minute", lambda: 7)
    install(*FAMILY, enabled=True)
    before = PluginAuditLog.objects.count()

    for names in (["x1", "x2", "x3"], ["x4", "x5"]):
        manager.apply_to_customers("idle", actor=operator, customers=names, action=PlanAction.ENABLE)

    assert PluginAuditLog.objects.count() == before + 1
    monkeypatch.undo()
    write_due()
    last = PluginAuditLog.objects.latest("position")
    assert last.after == {"repeated": 4, "minute": "1970-01-01T00:07Z"} and MINUTE_SECONDS == 60
    assert find_faults() == []


def test_a_hook_has_a_transaction_for_each_customer_and_refuses_for_its_own_alone(install, operator):
    install(Hooked(), enabled=True)
    Hooked.called = []
    slugs = make_customers(3)

    outcomes = manager.apply_to_customers("hooked", actor=operator, customers=slugs, action=PlanAction.ENABLE)

    assert Hooked.called == slugs
    assert [outcome.refusal and outcome.refusal.code for outcome in outcomes] == [None, "HOOK_FAILED", None]
    assert CustomerPluginConfig.objects.filter(enabled=True).count() == 2


def test_a_hook_after_the_commit_is_owed_for_each_customer(install, operator):
    install(Announcing(), enabled=True)

    manager.apply_to_customers("announcing", actor=operator, customers=make_customers(2), action=PlanAction.ENABLE)

    assert OwedCall.objects.count() == 2


def test_a_receiver_of_a_signal_misses_no_row(install, operator):
    install(*FAMILY, enabled=True)
    slugs, saved = make_customers(3), []

    def receive(instance, **_):
        saved.append(instance.customer.slug)

    post_save.connect(receive, sender=CustomerPluginConfig)
    try:
        manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)
    finally:
        post_save.disconnect(receive, sender=CustomerPluginConfig)

    assert saved == slugs


def test_a_customer_that_was_purged_before_its_lock_is_not_found(install, operator, monkeypatch):
    install(*FAMILY, enabled=True)
    slugs = make_customers(2)
    lock = batches.lock_customers

    def purge_and_lock(customers):
        Generation.objects.filter(customer__slug="c00").delete()
        Customer.objects.filter(slug="c00").delete()
        return lock(customers)

    monkeypatch.setattr(batches, "lock_customers", purge_and_lock)

    outcomes = manager.apply_to_customers("idle", actor=operator, customers=slugs, action=PlanAction.ENABLE)

    assert outcomes[0].refusal.code == "CUSTOMER_NOT_FOUND" and outcomes[1].change.changed
    assert PluginAuditLog.objects.latest("position").customer_slug == "c01"


def test_a_customer_without_a_generation_gets_one(install, operator):
    install(*FAMILY, enabled=True)
    make_customers(1)
    Generation.objects.filter(customer__slug="c00").delete()

    (outcome,) = manager.apply_to_customers("idle", actor=operator, customers=["c00"], action=PlanAction.ENABLE)

    assert outcome.change.changed and Generation.objects.get(customer__slug="c00").counter == 1


def test_who_may_not_change_a_customer_does_not_lock_it(install, monkeypatch):
    install(*FAMILY, enabled=True)
    acme, globex = make_customer("acme"), make_customer("globex")
    member = make_member("ann", acme, Role.OPERATOR)
    make_membership(member, globex, Role.VIEWER)
    locked = []
    monkeypatch.setattr(
        batches, "lock_customers", lambda customers: locked.extend(customers) or frozenset({acme.pk, globex.pk})
    )

    manager.apply_to_customers("idle", actor=actor_for(member), customers=["globex", "acme"], action=PlanAction.ENABLE)

    assert locked == [acme]
