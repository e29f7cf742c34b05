"""The database backend: Django's, with a driver that watches what plugins' code does with it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.backends.postgresql import base, features, operations
from psycopg import Connection, Cursor, Error
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus

from webnet.database.clean_room import CLOSED, FAILED, IDLE, OPEN
from webnet.database.deadlines import run_statement
from webnet.database.guard import watch_change, watch_control, watch_statement
from webnet.database.guarded_connection import GuardedConnection, GuardedPart
from webnet.plugin_calls import host_code

# What is neither idle nor failed is open: a statement that was not read to its end, or a COPY.
_STATES = {TransactionStatus.IDLE: IDLE, TransactionStatus.INERROR: FAILED, TransactionStatus.UNKNOWN: CLOSED}


# How long a request to cancel a statement may take until the server has it.
CANCEL_SECONDS = 1.0


class PostgresqlCursor(Cursor[Any]):
    """Lets each statement be watched before it is sent, and be interrupted until all of its rows are there."""

    connection: PostgresqlConnection

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        watch_statement(query)
        return run_statement(self.connection, query, super().execute, query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        watch_statement(query)
        with host_code():  # It opens a pipeline.
            run_statement(self.connection, query, super().executemany, query, *arguments, **options)

    def stream(self, query: Any, *arguments: Any, **options: Any) -> Any:
        watch_statement(query)
        return super().stream(query, *arguments, **options)

    def copy(self, statement: Any, *arguments: Any, **options: Any) -> Any:
        watch_statement(statement)
        return super().copy(statement, *arguments, **options)


class ClientCursor(PostgresqlCursor, base.Cursor):
    """Django's cursor."""


class ServerBindingCursor(PostgresqlCursor, base.ServerBindingCursor):
    """Django's cursor with the option `server_side_binding`."""


class WatchingAdapters(AdaptersMap):
    """How the driver's connection reads and writes values, for whoever uses it next as well."""

    def register_dumper(self, *arguments: Any, **options: Any) -> None:
        watch_change("register_dumper()")
        super().register_dumper(*arguments, **options)

    def register_loader(self, *arguments: Any, **options: Any) -> None:
        watch_change("register_loader()")
        super().register_loader(*arguments, **options)


class PostgresqlConnection(Connection[Any]):
    """The driver's connection, which plugins' code can reach as `connection.connection`."""

    def interrupt(self) -> None:
        """Cancel the statement that runs. Once this has returned, the server has been told, or never will be."""
        with suppress(Error):
            self.cancel_safe(timeout=CANCEL_SECONDS)

    def has_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.pgconn.transaction_status != TransactionStatus.IDLE

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            watch_change(name)
        super().__setattr__(name, value)

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001 - the driver's signature
        watch_change("autocommit")
        super().set_autocommit(value)

    def set_isolation_level(self, value: Any) -> None:
        watch_change("isolation_level")
        super().set_isolation_level(value)

    def set_read_only(self, value: bool | None) -> None:  # noqa: FBT001 - the driver's signature
        watch_change("read_only")
        super().set_read_only(value)

    def set_deferrable(self, value: bool | None) -> None:  # noqa: FBT001 - the driver's signature
        watch_change("deferrable")
        super().set_deferrable(value)

    def pipeline(self) -> Any:
        watch_change("pipeline()")
        return super().pipeline()

    def commit(self) -> None:
        watch_control("commit()")
        super().commit()

    def rollback(self) -> None:
        watch_control("rollback()")
        super().rollback()

    def close(self) -> None:
        watch_control("Closing the connection")
        super().close()


class GuardedOperations(GuardedPart, operations.DatabaseOperations):
    """Django's operations for PostgreSQL."""


class GuardedFeatures(GuardedPart, features.DatabaseFeatures):
    """Django's features of PostgreSQL."""


class DatabaseWrapper(GuardedConnection, base.DatabaseWrapper):
    """Django's connection to PostgreSQL, with a driver that watches."""

    ops_class = GuardedOperations
    features_class = GuardedFeatures

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, but for the cursors."""
        params: dict[str, Any] = super().get_connection_params()
        is_bound_by_server = params["cursor_factory"] is base.ServerBindingCursor
        return {**params, "cursor_factory": ServerBindingCursor if is_bound_by_server else ClientCursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Open a connection. Django names the driver's class itself, so it is replaced afterwards."""
        connection: Connection[Any] = super().get_new_connection(conn_params)
        connection.__class__ = PostgresqlConnection
        connection.adapters.__class__ = WatchingAdapters
        return connection

    def read_transaction(self) -> int:
        """What the driver knows of its transaction, without a statement."""
        return _STATES.get(self.driver.pgconn.transaction_status, OPEN) if self.driver is not None else IDLE
