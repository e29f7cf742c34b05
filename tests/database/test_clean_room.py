"""What plugins' code leaves on a connection: it is seen without a statement, put right, and the plugin has failed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, connection, connections, transaction
from django.db.transaction import TransactionManagementError

from tests.database.leavers import LEAVERS, SESSION_CHANGES, call_driver, execute, open_atomic, swallow_error, wrap
from tests.factories import make_user
from webnet.customers.models import User
from webnet.database.clean_room import IDLE
from webnet.database.guard import ConnectionPatchRefused, refusing_transaction_control
from webnet.plugins.runtime.calls import ConnectionLeftDirty, calling, take_turns

pytestmark = pytest.mark.django_db(transaction=True)

IS_SQLITE = connection.vendor == "sqlite"


@pytest.fixture(autouse=True)
def _opened() -> None:
    """A connection like that of a thread which has served requests before."""
    connection.ensure_connection()


def assert_is_clean(name: str) -> None:
    """Whoever comes next finds nothing of it."""
    make_user(f"next after {name}")
    with transaction.atomic():
        User.objects.all().delete()
    state = connection.look()
    assert (state.transaction, state.is_atomic, state.is_autocommit, state.execute_wrappers) == (IDLE, False, True, ())


def test_whoever_comes_next_finds_a_clean_connection() -> None:
    for name, leave in LEAVERS.items():
        with pytest.raises(ConnectionLeftDirty, match="left "), calling("leaver", "Query.leave"):
            leave()

        assert_is_clean(name)


PATCHES: dict[str, Callable[[], Any]] = {
    "a method": lambda: setattr(connection, "cursor", None),
    "the log of queries": lambda: setattr(connection, "queries_log", None),
    "a part": lambda: setattr(connection, "ops", None),
    "a method of a part": lambda: setattr(connection.ops, "quote_name", str),
    "a feature": lambda: setattr(connection.features, "uses_savepoints", False),
    "a setting": lambda: connection.settings_dict.__setitem__("ATOMIC_REQUESTS", True),
    "several settings": lambda: connection.settings_dict.update(CONN_HEALTH_CHECKS=True),
    "the driver's connection": lambda: setattr(connection, "connection", None),
    "the driver's connection by its other name": lambda: setattr(connection, "driver", None),
    "an attribute that goes": lambda: delattr(connection, "ops"),
    "another connection": lambda: connections.__setitem__("default", None),
    "a connection that goes": lambda: connections.__delitem__("default"),
}


def test_plugins_can_not_change_the_object_that_the_next_request_uses() -> None:
    before, settings = dict(vars(connections["default"])), dict(connection.settings_dict)
    for name, patch in PATCHES.items():
        with pytest.raises(ConnectionPatchRefused), calling("leaver", "Query.leave"):
            patch()

        assert_is_clean(name)
    assert vars(connections["default"]).keys() == before.keys()
    assert connection.settings_dict == settings


def test_what_is_noted_on_the_object_by_hand_is_put_right() -> None:
    for name in ("in_atomic_block", "needs_rollback", "closed_in_transaction"):
        with pytest.raises(ConnectionLeftDirty), calling("leaver", "Query.leave"):
            setattr(connection, name, True)

        assert_is_clean(name)


def test_what_a_coroutine_leaves_is_put_right_on_the_thread_where_it_was_left() -> None:
    async def plugin(leave: Callable[[], Any]) -> None:
        await sync_to_async(leave)()

    async def host(leave: Callable[[], Any]) -> None:
        await take_turns(plugin(leave), calling("leaver", "Query.leave"))

    for name, leave in LEAVERS.items():
        with pytest.raises(ConnectionLeftDirty):
            async_to_sync(host)(leave)

        assert_is_clean(name)


def test_what_a_raising_plugin_leaves_is_put_right_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def leave_and_raise() -> None:
        execute("BEGIN")
        raise ValueError("my own")

    with pytest.raises(ValueError, match="my own"), calling("leaver", "Query.leave"):
        leave_and_raise()

    assert_is_clean("BEGIN")
    assert "Plugin 'leaver', Query.leave: it left an open transaction on the database connection." in caplog.text


def read_and_write() -> None:
    make_user("written")
    list(User.objects.all())


def use_atomic() -> None:
    with transaction.atomic():
        make_user("in a block")
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


def describe_table() -> None:
    with connection.cursor() as cursor:
        connection.introspection.get_table_description(cursor, User._meta.db_table)


DECENT: tuple[Callable[[], Any], ...] = (
    read_and_write,
    use_atomic,
    roll_back,
    use_execute_wrapper,
    describe_table,
    swallow_error,
    connection.check_constraints,
    connection.close,
    partial(call_driver, "close"),
)


@pytest.mark.parametrize("is_open", [True, False])
def test_what_django_offers_leaves_nothing(*, is_open: bool) -> None:
    for behave in DECENT:
        if not is_open:
            connection.close()

        with calling("decent", "Query.behave"):
            behave()

        assert connection.close_at is None
        assert_is_clean(str(behave))


@pytest.mark.parametrize("is_within", [True, False])
def test_blocks_that_end_leave_nothing(*, is_within: bool) -> None:
    with transaction.atomic() if is_within else nullcontext():
        with calling("decent", "Mutation.savepoint"), transaction.atomic():
            make_user("one")
        with calling("decent", "Mutation.no_savepoint"), transaction.atomic(savepoint=False):
            make_user("two")
        with calling("decent", "Mutation.savepoints"):
            create = getattr(transaction, "savepoint_create", None) or transaction.savepoint  # as Django 6.1 names it
            transaction.savepoint_commit(create())
            make_user("three")
        with calling("decent", "Mutation.undone"), transaction.atomic():
            transaction.set_rollback(True)

    assert connection.close_at is None
    assert User.objects.count() == 3


def test_what_only_lasts_as_long_as_the_connection_ends_with_the_request() -> None:
    held: tuple[tuple[str, ...], ...] = (("CREATE TEMPORARY TABLE hidden (id int)",), ("BEGIN", "SELECT 1", "COMMIT"))
    if not IS_SQLITE:
        held += (("SELECT pg_advisory_lock(1)", "SELECT pg_advisory_unlock(1)"), ("LISTEN anything",))
    for statements in held:
        connection.ensure_connection()
        former = connection.connection

        with calling("tidy", "Query.hold"):
            execute(*statements)

        assert connection.connection is former, statements
        connection.close_if_unusable_or_obsolete()
        assert connection.connection is None, statements


def test_a_clean_call_runs_no_statement(django_assert_num_queries: Any) -> None:
    former = connection.connection

    with django_assert_num_queries(2):
        for _ in range(2):
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


def test_a_transaction_of_the_host_is_not_gone_on_with() -> None:
    @transaction.atomic
    def change(leave: Callable[[], Any]) -> None:
        make_user("by the host")
        with transaction.atomic(), calling("leaver", "Mutation.leave"):
            make_user("by the plugin")
            leave()
        make_user("after it")

    leavers: list[Callable[[], Any]] = [partial(execute, "COMMIT"), open_atomic, *SESSION_CHANGES.values()]
    # Where statements fail alone, as in SQLite, nothing is left of one.
    leavers.append(lambda: (connection.atomic_blocks.clear(), connection.savepoint_ids.clear()))
    for leave in [*leavers, connection.close, LEAVERS["execute_wrappers"], *([] if IS_SQLITE else [swallow_error])]:
        with pytest.raises((ConnectionLeftDirty, DatabaseError, psycopg.Error)):
            change(leave)

        assert not User.objects.exists()
        connection.close_if_unusable_or_obsolete()
        assert_is_clean(str(leave))


CONTROL: tuple[Callable[[], Any], ...] = (
    partial(execute, "COMMIT"),
    partial(execute, "/* quietly */ rollback"),
    partial(execute, "ROLLBACK TO SAVEPOINT a"),
    partial(execute, "SAVEPOINT a"),
    partial(execute, "SELECT 1; COMMIT"),
    partial(call_driver, "execute", "COMMIT"),
    partial(call_driver, "commit"),
    partial(call_driver, "rollback"),
    partial(call_driver, "close"),
    partial(transaction.set_rollback, True),
    transaction.commit,
    transaction.rollback,
    connection.close,
    *([partial(call_driver, "executescript", "SELECT 1")] if IS_SQLITE else []),
    *SESSION_CHANGES.values(),
)


@pytest.mark.parametrize("is_within", [True, False])
def test_transaction_control_is_refused_before_the_driver_sees_it(*, is_within: bool) -> None:
    block = transaction.atomic() if is_within else nullcontext()
    with block, calling("hook", "on_enable"), refusing_transaction_control():
        make_user("before")
        for control in CONTROL:
            with pytest.raises((TransactionManagementError, psycopg.Error)):
                control()
        if is_within:
            with transaction.atomic():
                make_user("undone")
                transaction.set_rollback(True)
        make_user("after")

    assert User.objects.count() == 2


def test_the_host_controls_its_own_transactions_meanwhile() -> None:
    with refusing_transaction_control():
        execute("BEGIN")
        execute("COMMIT")


@pytest.mark.parametrize("leave", [LEAVERS["BEGIN"], open_atomic])
def test_what_nobody_was_seen_to_leave_ends_with_the_request(
    leave: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    leave()

    connection.close_if_unusable_or_obsolete()

    assert connection.connection is None
    assert "left in a transaction, by nobody known" in caplog.text
    assert_is_clean("nobody")
