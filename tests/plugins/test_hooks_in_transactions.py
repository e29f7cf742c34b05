"""A hook runs inside a change's transaction, and can neither end nor break it, nor store it without its audit row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from tests.api.client import GraphQLClient
from tests.factories import actor_for, make_customer, make_operator
from tests.plugins.audit_logs import find_faults
from tests.plugins.transaction_control import close_past_python, execute, past_python
from webnet.audit.models import AuditHead, Generation, PluginAuditLog
from webnet.audit.operation import Operation
from webnet.customers.models import Customer
from webnet.database.guard import TransactionControlRefused
from webnet.errors import HookFailed
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.runtime import failures
from webnet.plugins.runtime.calls import calling

pytestmark = pytest.mark.django_db(transaction=True)

SCOPES = [None, "acme"]


def fail_and_catch():
    with suppress(DatabaseError):
        execute("SELECT * FROM no_such_table")


def fail_in_the_orm_and_catch():
    with suppress(DatabaseError):
        Customer.objects.create(slug="acme", name="The same again")


def leave_no_transaction():
    connection.in_atomic_block = False


# What Django or the guard of the connection refuses, or what leaves a transaction that only its savepoint can undo.
REFUSED = {
    **{sql: partial(execute, sql) for sql in ("COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT mine", "/* */ end; SELECT 1")},
    "close()": connection.close,
    "commit()": transaction.commit,
    "rollback()": transaction.rollback,
    "set_autocommit()": lambda: connection.set_autocommit(True),
    "set_rollback()": lambda: transaction.set_rollback(True),
    "an error in the ORM": fail_in_the_orm_and_catch,
    "its own config": lambda: PluginConfig.objects.filter(name="writing").delete(),
    "its customer": lambda: Customer.objects.filter(slug="acme").delete(),
    "switched back": lambda: [
        rows.update(enabled=None if rows is CustomerPluginConfig.objects else False)
        for rows in (CustomerPluginConfig.objects, PluginConfig.objects)
    ],
}
# What has ended the transaction all the same.
ENDING = {
    "COMMIT past Python": lambda: past_python("COMMIT"),
    "COMMIT and BEGIN past Python": lambda: [suppressed(past_python, "COMMIT"), past_python("BEGIN")],
    "ROLLBACK past Python": lambda: past_python("ROLLBACK"),
    "ROLLBACK and BEGIN past Python": lambda: past_python("ROLLBACK", "BEGIN"),
    "closed past Python": close_past_python,
    "Django misled": leave_no_transaction,
}


def suppressed(function, *arguments):
    with suppress(Exception):
        function(*arguments)


class Writing(PluginBase):
    name = "writing"
    version = "1.0"

    def __init__(self, then):
        self.then = then

    def on_enable(self, context):
        Customer.objects.create(slug="made", name="Made")
        self.then()


@pytest.fixture
def operator():
    make_customer("acme")
    failures.counter.take()
    return actor_for(make_operator())


def assert_undone_and_audited(customer):
    row = PluginAuditLog.objects.filter(action__startswith="enable").get()
    assert (row.outcome, row.error_code, row.plugin_name) == ("failed", "HOOK_FAILED", "writing")
    assert not Customer.objects.filter(slug="made").exists() and Customer.objects.filter(slug="acme").exists()
    assert PluginConfig.objects.get(name="writing").enabled is (customer is not None)
    assert not CustomerPluginConfig.objects.filter(enabled=True).exists()
    assert not Generation.objects.filter(customer_id__lt=0).exists()
    assert find_faults() == []
    assert not connection.in_atomic_block and connection.get_autocommit()


@pytest.mark.parametrize("customer", SCOPES)
@pytest.mark.parametrize("what", REFUSED)
def test_a_hook_that_tampers_with_the_change_fails_with_its_name(install, operator, what, customer):
    if what == "its customer" and customer is None:
        pytest.skip("For everybody, a customer is nothing that the change says.")
    install(Writing(REFUSED[what]), enabled=customer is not None)

    with pytest.raises(HookFailed, match="'writing' refused: ") as refused:
        manager.enable("writing", actor=operator, customer=customer)

    assert not refused.value.ended_transaction
    assert_undone_and_audited(customer)
    assert [key.plugin for key in failures.counter.take()] == ["writing"]


@pytest.mark.parametrize("customer", SCOPES)
@pytest.mark.parametrize("what", ENDING)
def test_a_hook_that_ends_the_transaction_all_the_same_stores_nothing_and_is_paused(install, operator, what, customer):
    install(Writing(ENDING[what]), enabled=customer is not None)

    with pytest.raises(HookFailed, match="'writing' refused: its on_enable") as refused:
        manager.enable("writing", actor=operator, customer=customer)

    # On SQLite, a commit that fails does not end its transaction.
    assert refused.value.ended_transaction is not (what.startswith("COMMIT") and connection.vendor == "sqlite")
    assert_undone_and_audited(customer)
    row = CustomerPluginConfig.objects.first() if customer else PluginConfig.objects.get()
    if refused.value.ended_transaction:
        assert row.is_paused and "It ended the transaction of 'enable" in row.pause_reason


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite goes on after a statement that failed.")
def test_a_hook_that_catches_an_error_without_a_savepoint_fails_the_change(install, operator):
    install(Writing(fail_and_catch))

    with pytest.raises(HookFailed, match="whose error it caught"):
        manager.enable("writing", actor=operator)

    assert_undone_and_audited(None)


def test_what_django_offers_inside_a_transaction_is_allowed(install, operator):
    called = []

    def nest():
        with transaction.atomic():
            Customer.objects.create(slug="nested", name="Nested")
        with suppress(ZeroDivisionError), transaction.atomic():
            Customer.objects.create(slug="undone", name="Undone")
            _ = 1 / 0
        with suppress(DatabaseError), transaction.atomic():
            execute("SELECT * FROM no_such_table")
        connection.check_constraints()  # as `loaddata` does
        transaction.on_commit(lambda: called.append(connection.in_atomic_block))

    install(Writing(nest))

    assert manager.enable("writing", actor=operator).changed

    assert set(Customer.objects.values_list("slug", flat=True)) == {"acme", "made", "nested"}
    assert called == [False]
    assert find_faults() == []


def test_what_a_hook_wants_after_the_commit_is_named_when_it_fails(install, operator, caplog):
    def fail_later():
        transaction.on_commit(lambda: 1 / 0)

    install(Writing(fail_later))

    assert manager.enable("writing", actor=operator).changed

    assert PluginConfig.objects.get().enabled
    assert "Plugin 'writing': its function of on_commit in on_enable raised ZeroDivisionError." in caplog.text
    assert [(key.plugin, count.error) for key, count in failures.counter.take().items()] == [
        ("writing", "ZeroDivisionError in on_enable")
    ]


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer.")
def test_the_end_of_the_log_is_not_locked_while_a_hook_runs(install, operator):
    free = []

    def lock_elsewhere():
        with transaction.atomic():
            free.append(AuditHead.objects.select_for_update(skip_locked=True).filter(chain="*").exists())
        connection.close()

    def look():
        with ThreadPoolExecutor(1) as other:
            other.submit(lock_elsewhere).result()

    install(Writing(look))

    manager.enable("writing", actor=operator)

    assert free == [True]


ENABLE = """
    mutation { first: enableCustomerPlugin(input: {customer: "acme", plugin: "writing"}) { ...result }
               second: enableCustomerPlugin(input: {customer: "acme", plugin: "sound"}) { ...result } }
    fragment result on EnableCustomerPluginResult { __typename ... on Refusal { code message } }
"""


@pytest.mark.parametrize("what", ["ROLLBACK past Python", "closed past Python", "COMMIT past Python"])
def test_in_a_document_the_other_mutations_are_made(install, operator, what):
    """Each is one transaction with its answer, of which the refusal of the first is all that is left."""
    sound = type("Sound", (PluginBase,), {"name": "sound", "version": "1.0"})
    install(Writing(ENDING[what]), sound(), enabled=True)
    client = GraphQLClient.of(make_operator("second"))

    answer = client.run(ENABLE)

    first, second = answer["data"]["first"], answer["data"]["second"]
    assert "errors" not in answer
    assert (first["code"], "'writing' refused: its on_enable" in first["message"]) == ("HOOK_FAILED", True)
    assert second["__typename"] == "EnableCustomerPluginPayload"
    rows = PluginAuditLog.objects.filter(action="enable_customer_plugin").order_by("position")
    assert [(row.plugin_name, row.outcome) for row in rows] == [("writing", "failed"), ("sound", "succeeded")]
    assert find_faults() == []


class Upgrading(PluginBase):
    name = "upgrading"

    def __init__(self, version, then=lambda: None):
        self.version, self.then = version, then

    def get_settings_schema(self):
        return {"properties": {"a": {"type": "integer"}}}

    def on_upgrade(self, from_version):
        self.then()


class Migrating(Upgrading):
    name = "migrating"

    def migrate_settings(self, from_version, settings):
        self.then()
        return settings

    def on_upgrade(self, from_version):
        pass


@pytest.mark.parametrize("kind", [Upgrading, Migrating])
def test_a_sync_goes_on_without_the_plugin_whose_hook_ends_its_transaction(install, operator, kind):
    sound = type("Sound", (Upgrading,), {"name": "sound"})
    install(kind("1.0"), sound("1.0"))
    manager.update_settings(kind.name, actor=operator, patch={"a": 1})

    install(kind("2.0", ENDING["ROLLBACK past Python"]), sound("2.0"))

    rows = {row.name: (row.version, row.status) for row in PluginConfig.objects.all()}
    assert rows == {kind.name: ("1.0", "failed"), "sound": ("2.0", "loaded")}
    reason = PluginConfig.objects.get(name=kind.name).status_reason
    assert reason.startswith(f"A hook of '{kind.name}' ended the transaction of the sync")
    outcomes = (
        PluginAuditLog.objects.filter(action="sync_plugins").order_by("position").values_list("outcome", flat=True)
    )
    assert list(outcomes)[-2:] == ["failed", "succeeded"]
    assert find_faults() == []


def test_whatever_else_of_a_plugin_runs_in_a_change_can_not_end_it(operator):
    """Such as its receivers of signals."""

    def write_and_commit():
        Customer.objects.create(slug="made", name="Made")
        execute("COMMIT")

    operation = Operation(actor=operator, action="test")

    with pytest.raises(TransactionControlRefused), operation.transaction(), calling("writing", "a receiver"):
        write_and_commit()

    assert not Customer.objects.filter(slug="made").exists()
