"""What plugins' code leaves on a connection: it is seen without a statement, put right, and the plugin has failed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from tests.factories import make_user
from webnet.customers.models import User
from webnet.database.guard import refusing_transaction_control
from webnet.plugins.runtime.calls import ConnectionLeftDirty, calling, take_turns

IS_SQLITE = connection.vendor == "sqlite"
on_sqlite = pytest.mark.skipif(not IS_SQLITE, reason="SQLite's own.")
on_postgresql = pytest.mark.skipif(IS_SQLITE, reason="PostgreSQL's own.")


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def wrap(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    return execute(sql, params, many, context)


def open_atomic() -> None:
    transaction.atomic().__enter__()


def swallow_error() -> None:
    with pytest.raises(DatabaseError):
        execute("SELECT * FROM missing_table")


def fail_in_transaction() -> None:
    execute("BEGIN")
    swallow_error()


def use_raw_driver() -> None:
    connection.ensure_connection()
    connection.connection.execute("BEGIN")


def insert_without_autocommit() -> None:
    transaction.set_autocommit(False)
    make_user("lost")


def set_within_atomic() -> None:
    with transaction.atomic():
        execute("SET statement_timeout = 1")


def call_driver(name: str, *arguments: Any) -> None:
    connection.ensure_connection()
    getattr(connection.connection, name)(*arguments)


LEAVERS: dict[str, Callable[[], Any]] = {
    "BEGIN": lambda: execute("BEGIN"),
    "BEGIN and a change": lambda: (execute("BEGIN"), make_user("lost")),
    "a failed transaction": fail_in_transaction,
    "the driver": use_raw_driver,
    "autocommit": lambda: transaction.set_autocommit(False),
    "a change without autocommit": insert_without_autocommit,
    "atomic": open_atomic,
    "two atomics": lambda: (open_atomic(), open_atomic()),
    "execute_wrappers": lambda: connection.execute_wrappers.append(wrap),
    "other execute_wrappers": lambda: setattr(connection, "execute_wrappers", [wrap]),
}
SESSION_CHANGES = {
    "sqlite": {
        "PRAGMA": lambda: execute("PRAGMA query_only = ON"),
        "PRAGMA by the driver": lambda: call_driver("execute", "PRAGMA query_only = 1"),
        "BEGIN IMMEDIATE": lambda: execute("BEGIN IMMEDIATE"),
        "isolation_level": lambda: setattr(connection.connection, "isolation_level", "DEFERRED"),
        "row_factory": lambda: setattr(connection.connection, "row_factory", dict),
        "set_authorizer": lambda: connection.connection.set_authorizer(lambda *_: 1),
    },
    "postgresql": {
        "SET": lambda: execute("SET search_path TO nowhere"),
        "a comment before it": lambda: execute("/* nothing */ SET search_path TO nowhere"),
        "set_config": lambda: execute("SELECT set_config('search_path', 'nowhere', false)"),
        "read-only": lambda: execute("SET default_transaction_read_only = on"),
        "statement_timeout": lambda: execute("SET statement_timeout = 1"),
        "SET by the driver": lambda: call_driver("execute", "SET statement_timeout = 1"),
        "SET as bytes": lambda: call_driver("execute", b"SET statement_timeout = 1"),
        "autocommit": lambda: setattr(connection.connection, "autocommit", False),
        "set_read_only": lambda: connection.connection.set_read_only(True),
        "SET in a transaction": set_within_atomic,
    },
}[connection.vendor]


@pytest.fixture(autouse=True)
def _opened(transactional_db: None) -> None:
    """A connection like that of a thread which has served requests before."""
    connection.ensure_connection()


@pytest.mark.parametrize("leave", [*LEAVERS.values(), *SESSION_CHANGES.values()], ids=[*LEAVERS, *SESSION_CHANGES])
def test_whoever_comes_next_finds_a_clean_connection(leave: Callable[[], Any]) -> None:
    with pytest.raises(ConnectionLeftDirty, match="left "), calling("leaver", "Query.leave"):
        leave()

    make_user("next")
    with transaction.atomic():
        make_user("one after that")

    assert set(User.objects.values_list("username", flat=True)) == {"next", "one after that"}
    assert not connection.in_atomic_block
    assert not connection.execute_wrappers
    assert connection.look().transaction == 0


def test_what_a_raising_plugin_leaves_is_put_right_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def leave_and_raise() -> None:
        execute("BEGIN")
        raise ValueError("my own")

    with pytest.raises(ValueError, match="my own"), calling("leaver", "Query.leave"):
        leave_and_raise()

    make_user("next")
    assert User.objects.count() == 1
    assert "Plugin 'leaver', Query.leave: it left an open transaction on the database connection." in caplog.text


def read_and_write() -> None:
    make_user("written")
    list(User.objects.all())


def use_atomic() -> None:
    with transaction.atomic():
        make_user("written")
        with pytest.raises(DatabaseError), transaction.atomic():
            execute("SELECT * FROM missing_table")
        with transaction.atomic():
            list(User.objects.iterator(chunk_size=1))


def roll_back() -> None:
    with transaction.atomic():
        make_user("undone")
        transaction.set_rollback(True)


def use_execute_wrapper() -> None:
    with connection.execute_wrapper(wrap):
        list(User.objects.all())


@pytest.mark.parametrize("is_within", [True, False])
def test_blocks_that_end_leave_nothing(*, is_within: bool) -> None:
    with transaction.atomic() if is_within else nullcontext():
        with calling("decent", "Mutation.savepoint"), transaction.atomic():
            make_user("one")
        with calling("decent", "Mutation.no_savepoint"), transaction.atomic(savepoint=False):
            make_user("two")
        with calling("decent", "Mutation.savepoints"):
            transaction.savepoint_commit(transaction.savepoint())
            make_user("three")

    assert connection.close_at is None


@pytest.mark.parametrize(
    "behave",
    [
        read_and_write,
        use_atomic,
        roll_back,
        use_execute_wrapper,
        swallow_error,
        connection.close,
        lambda: connection.connection and call_driver("close"),
        lambda: connection.introspection.get_table_description(connection.cursor(), User._meta.db_table),
        connection.check_constraints,
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_what_django_offers_leaves_nothing(behave: Callable[[], Any], *, is_open: bool) -> None:
    if not is_open:
        connection.close()

    with calling("decent", "Query.behave"):
        behave()

    assert connection.close_at is None


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TEMPORARY TABLE hidden (id int)",),
        ("BEGIN", "SELECT 1", "COMMIT"),
        pytest.param(("SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock(1)"), marks=on_postgresql),
        pytest.param(("LISTEN anything",), marks=on_postgresql),
    ],
)
def test_what_only_lasts_as_long_as_the_connection_ends_with_the_request(statements: tuple[str, ...]) -> None:
    former = connection.connection

    with calling("tidy", "Query.hold"):
        execute(*statements)

    assert connection.connection is former
    connection.close_if_unusable_or_obsolete()
    assert connection.connection is None


def test_a_clean_call_runs_no_statement(django_assert_num_queries: Any) -> None:
    former = connection.connection

    with django_assert_num_queries(2):
        with calling("decent", "Query.rows"):
            list(User.objects.all())
        with calling("decent", "Query.rows"):
            list(User.objects.all())

    assert connection.connection is former


def test_a_dirty_connection_of_another_alias_is_closed() -> None:
    other = connections.create_connection("default")
    other.ensure_connection()

    with pytest.raises(ConnectionLeftDirty), calling("leaver", "Query.leave"), other.cursor() as cursor:
        cursor.execute("BEGIN")

    assert other.connection is None
    assert connection.connection is not None


@pytest.mark.parametrize(
    "leave",
    [
        lambda: execute("COMMIT"),
        lambda: execute("ROLLBACK"),
        lambda: call_driver("commit"),
        open_atomic,
        connection.close,
        lambda: connection.execute_wrappers.append(wrap),
        pytest.param(swallow_error, marks=on_postgresql),
        *(pytest.param(change, marks=on_postgresql) for change in SESSION_CHANGES.values()),
    ],
)
def test_a_transaction_of_the_host_is_not_gone_on_with(leave: Callable[[], Any]) -> None:
    @transaction.atomic
    def change() -> None:
        make_user("by the host")
        with transaction.atomic(), calling("leaver", "Mutation.leave"):
            make_user("by the plugin")
            leave()
        make_user("after it")

    with pytest.raises((ConnectionLeftDirty, DatabaseError, psycopg.Error)):
        change()

    connection.close_if_unusable_or_obsolete()
    make_user("next")
    assert not User.objects.filter(username="after it").exists()
    assert not connection.execute_wrappers


@pytest.mark.parametrize(
    "control",
    [
        lambda: execute("COMMIT"),
        lambda: execute("/* quietly */ rollback"),
        lambda: execute("ROLLBACK TO SAVEPOINT a"),
        lambda: execute("SAVEPOINT a"),
        lambda: execute("SELECT 1; COMMIT"),
        lambda: connection.connection.execute("COMMIT"),
        lambda: call_driver("commit"),
        lambda: call_driver("rollback"),
        lambda: call_driver("close"),
        lambda: transaction.set_rollback(True),
        transaction.commit,
        transaction.rollback,
        connection.close,
        pytest.param(lambda: connection.connection.executescript("SELECT 1"), marks=on_sqlite),
    ],
)
def test_transaction_control_is_refused_before_the_driver_sees_it(control: Callable[[], Any]) -> None:
    with transaction.atomic(), calling("hook", "on_enable"), refusing_transaction_control():
        make_user("before")
        with pytest.raises(TransactionManagementError):
            control()
        with transaction.atomic():
            make_user("after")

    assert User.objects.count() == 2


def test_the_host_controls_its_own_transactions_meanwhile() -> None:
    with refusing_transaction_control():
        execute("BEGIN")
        execute("COMMIT")

    connection.close()


@pytest.mark.parametrize("leave", [*LEAVERS.values(), *SESSION_CHANGES.values()], ids=[*LEAVERS, *SESSION_CHANGES])
def test_what_a_coroutine_leaves_is_put_right_on_the_thread_where_it_was_left(leave: Callable[[], Any]) -> None:
    async def plugin() -> None:
        await sync_to_async(leave)()

    async def host() -> None:
        await take_turns(plugin(), calling("leaver", "Query.leave"))

    with pytest.raises(ConnectionLeftDirty):
        async_to_sync(host)()

    make_user("next")
    assert connection.look().transaction == 0
    assert not connection.execute_wrappers
    assert User.objects.count() == 1


def test_a_coroutine_that_leaves_nothing_may_use_the_database() -> None:
    async def plugin() -> int:
        return await User.objects.acount()

    async def host() -> int:
        return await take_turns(plugin(), calling("decent", "Query.count"))

    assert async_to_sync(host)() == 0


@pytest.mark.parametrize("leave", [lambda: execute("BEGIN"), open_atomic])
def test_what_nobody_was_seen_to_leave_ends_with_the_request(
    leave: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    leave()

    connection.close_if_unusable_or_obsolete()

    assert connection.connection is None
    assert "left in a transaction, by nobody known" in caplog.text
    make_user("next")
