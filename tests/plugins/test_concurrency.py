"""Many at once: one change is one change, and no update is lost."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier
from time import monotonic, sleep
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from tests.factories import actor_for, make_customer, make_member, make_operator
from tests.plugins.audit_logs import find_faults
from webnet.audit import operation as operations
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.access import find_customer
from webnet.customers.models import Role
from webnet.errors import NotFound
from webnet.plugins.base import PluginBase
from webnet.plugins.changes import batches
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.gate import effective
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

COUNTERS = {
    "type": "object",
    "additionalProperties": {"type": "integer"},
}


class Counting(PluginBase):
    name = "counting"
    version = "1.0"

    def get_settings_schema(self):
        return COUNTERS


@pytest.fixture
def operator():
    return actor_for(make_operator())


def in_threads(count, work):
    """Runs work(0), … work(count - 1) at once, and returns what they return or raise."""
    barrier = Barrier(count)

    def run(number):
        try:
            barrier.wait(timeout=30)
            return work(number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.slow
def test_50_parallel_enables_are_one_change_and_one_audit_row(install, operator):
    install(Counting())
    rows, counter = PluginAuditLog.objects.count(), Generation.objects.get(customer=None).counter

    changes = in_threads(50, lambda _: manager.enable("counting", actor=operator))

    assert [change.changed for change in changes].count(True) == 1
    assert PluginAuditLog.objects.count() == rows + 1
    assert Generation.objects.get(customer=None).counter == counter + 1


def update_settings(actor, threads=8, updates=50, customer=None):
    def work(number):
        for update in range(updates):
            manager.update_settings("counting", actor=actor, customer=customer, patch={f"t{number}-{update}": update})

    return [result for result in in_threads(threads, work) if isinstance(result, Exception)]


@pytest.mark.parametrize("slug", [None, "acme"])
@pytest.mark.slow
def test_8_threads_with_50_updates_each_lose_none(install, operator, slug):
    make_customer("acme")
    install(Counting(), enabled=True)

    errors = update_settings(operator, customer=slug)

    assert errors == []
    row = PluginConfig.objects.get()
    layer = row if slug is None else row.customer_configs.get()
    assert len(layer.settings) == layer.settings_revision == 400
    positions = list(PluginAuditLog.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.slow
def test_without_the_transaction_and_its_locks_updates_are_lost(install, operator, monkeypatch):
    """The negative control of the test above: the same updates, the guard taken away."""
    install(Counting())
    unguarded = SimpleNamespace(atomic=lambda **_: nullcontext(), on_commit=lambda callback, **_: callback())
    monkeypatch.setattr(operations, "transaction", unguarded)
    monkeypatch.setattr(operations, "lock_platform", lambda: None)
    monkeypatch.setattr(operations.audit_log, "record_all", lambda entries: None)

    update_settings(operator, threads=8, updates=25)

    assert len(PluginConfig.objects.get().settings) < 200


@pytest.mark.slow
def test_a_global_change_and_a_customers_cannot_pass_each_other(install, operator):
    make_customer("acme")
    install(Counting(), enabled=True)

    def work(number):
        for update in range(10):
            customer = "acme" if number % 2 else None
            manager.update_settings("counting", actor=operator, customer=customer, patch={f"n{number}-{update}": 1})

    assert [error for error in in_threads(6, work) if error is not None] == []
    row = PluginConfig.objects.get()
    assert len(row.settings) == len(row.customer_configs.get().settings) == 30


class Numbered(PluginBase):
    version = "1.0"

    def __init__(self, number):
        self.name = f"numbered_{number}"


@pytest.mark.slow
def test_parallel_toggles_of_one_customer_and_of_everybody_lose_nothing(install, operator):
    """Each thread has its own plugin of the same customer, and one switches another plugin for everybody."""
    make_customer("acme")
    install(*(Numbered(number) for number in range(5)), Counting(), enabled=True)
    rows = PluginAuditLog.objects.count()

    def work(number):
        for turn in range(12):
            if number == 5:
                change = manager.enable if turn % 2 else manager.disable
                assert change("counting", actor=operator).changed
                continue
            change = manager.disable if turn % 2 else manager.enable
            assert change(f"numbered_{number}", actor=operator, customer="acme").changed, (number, turn)
            known = read_state(operator)
            assert (f"numbered_{number}" in known.effective) is (turn % 2 == 0), (number, turn)

    assert [error for error in in_threads(6, work) if error is not None] == []
    assert PluginAuditLog.objects.count() == rows + 72
    kept = read_state(operator)
    effective.customers.clear()
    effective.platforms.clear()
    again = read_state(operator)
    assert {name: row.enabled for name, row in kept.rows.items()} == dict.fromkeys(again.rows, False)
    assert kept.effective == again.effective


def read_state(actor):
    """As the next request has it."""
    customer = find_customer(actor, "acme")
    token = Generation.objects.get(customer=None).token
    return effective.customer_states([customer], effective.platform_state(token))[customer.pk]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer.")
def test_a_toggle_that_waits_for_a_global_change_holds_no_customers_lock(install, operator):
    """The order of the locks: the platform's first, or a toggle and a global change could wait for each other."""
    acme = make_customer("acme")
    install(Counting(), enabled=True)

    def toggle():
        try:
            return manager.enable("counting", actor=operator, customer="acme")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            operations.lock_platform()
            waiting = pool.submit(toggle)
            wait_until_somebody_waits_for_a_lock()
            assert Generation.objects.select_for_update(nowait=True).get(customer=acme)
            assert not waiting.done()
        assert waiting.result(timeout=30).changed


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer.")
def test_a_stranger_neither_waits_for_a_customers_change_nor_holds_it_up(install, operator):
    """How long the answer takes would tell that there is such a customer."""
    acme = make_customer("acme")
    stranger = actor_for(make_member("gus", make_customer("globex"), Role.ADMIN))
    install(Counting(), enabled=True)

    def lock():
        try:
            with transaction.atomic():
                return operations.find_and_lock_customer(stranger, "acme")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        operations.lock_customer(acme)
        with pytest.raises(NotFound):
            pool.submit(lock).result(timeout=10)


def wait_until_somebody_waits_for_a_lock():
    ends = monotonic() + 20
    while monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # or the transaction would see the same again
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("Nobody waits.")


@pytest.mark.slow
def test_batches_beside_each_other_and_beside_single_changes_lose_nothing(install, operator, monkeypatch):
    monkeypatch.setattr(batches, "CHUNK_SIZE", 5)
    install(Counting(), enabled=True)
    slugs = [make_customer(f"c{number}").slug for number in range(15)]

    def work(number):
        for turn in range(4):
            action = PlanAction.ENABLE if (number + turn) % 2 else PlanAction.DISABLE
            if number < 3:
                wanted = slugs if number else slugs[::-1]
                manager.apply_to_customers("counting", actor=operator, customers=[*wanted, "absent"], action=action)
            else:
                manager.disable("counting", actor=operator, customer=slugs[turn * 3])

    assert [error for error in in_threads(4, work) if error is not None] == []
    for config in CustomerPluginConfig.objects.select_related("customer"):
        rows = list(PluginAuditLog.objects.filter(customer_id=config.customer_id).order_by("sequence"))
        assert [row.before["enabled"] for row in rows] == [None, *[row.after["enabled"] for row in rows[:-1]]]
        assert rows[-1].after["enabled"] is config.enabled
        assert Generation.objects.get(customer=config.customer).counter == len(rows)
    assert find_faults() == []
