"""What webnet's two database backends add to Django's: plugins' code is watched, and its leftovers are seen."""

from __future__ import annotations

import logging
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from webnet.database.clean_room import IDLE, ConnectionState, add_connection, discard, is_in_own_block, remember_state
from webnet.database.deadlines import current_deadline, until
from webnet.database.guard import refuse_patch, watch_control
from webnet.database.held_transaction import let_go
from webnet.django_internals import is_in_test_case
from webnet.errors import DeadlineExceeded
from webnet.plugin_calls import host_code

logger = logging.getLogger(__name__)


# What Django sets while it works, also for a plugin; `look` sees what of it is left otherwise than it was.
STATE = frozenset({"autocommit", "closed_in_transaction", "in_atomic_block", "needs_rollback"})
SET_BY_DJANGO = STATE | {
    *("atomic_blocks", "close_at", "commit_on_exit", "connection", "errors_occurred", "execute_wrappers"),
    *("force_debug_cursor", "health_check_done", "health_check_enabled", "rollback_exc", "run_on_commit"),
    *("run_commit_hooks_on_set_autocommit_on", "savepoint_ids", "savepoint_state"),
}


class GuardedPart:
    """A part of a connection, such as `connection.ops`: a plugin's code can't change it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):  # Django keeps what it has found out under such names.
            refuse_patch(f"'{name}' of the connection's {type(self).__name__}")
        super().__setattr__(name, value)


class GuardedSettings(dict[str, Any]):
    """What is set for a connection in DATABASES: a plugin's code can't change it."""

    def __setitem__(self, name: str, value: Any) -> None:
        refuse_patch(f"The setting '{name}' of the connection")
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        refuse_patch(f"The setting '{name}' of the connection")
        super().__delitem__(name)

    def clear(self) -> None:
        refuse_patch("The settings of the connection")
        super().clear()

    def update(self, *arguments: Any, **options: Any) -> None:
        refuse_patch("The settings of the connection")
        super().update(*arguments, **options)


class GuardedConnection(BaseDatabaseWrapper):
    """Django's connection. Statements that Django runs by itself for a plugin's `atomic` are not the plugin's.

    A plugin's code can't change the object itself, such as its method `cursor`: the thread's next request has it, too.
    """

    def __init__(self, settings_dict: dict[str, Any], *arguments: Any, **options: Any) -> None:
        with host_code():  # It may be a plugin's code that uses the database first on this thread.
            self.driver: Any = None
            self._execute_wrappers: list[Any] = []
            self._savepoint_ids: list[Any] = []
            self._atomic_blocks: list[Any] = []
            super().__init__(GuardedSettings(settings_dict), *arguments, **options)
        add_connection(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in STATE:
            remember_state()
        elif name not in SET_BY_DJANGO and not name.startswith("_"):
            refuse_patch(f"'{name}' of the connection")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        refuse_patch(f"'{name}' of the connection")
        super().__delattr__(name)

    @property
    def connection(self) -> Any:
        """The driver's connection: whoever takes it may do anything with it."""
        remember_state()
        return self.driver

    @connection.setter
    def connection(self, driver: Any) -> None:
        # Of a transaction that it has open nobody would know any more, and its locks would stay. Django itself replaces
        # what is closed already.
        if self.driver is not None and not self.closed_in_transaction:
            refuse_patch("'connection' of the connection")
        super().__setattr__("driver", driver)

    @property
    def execute_wrappers(self) -> list[Any]:
        """Functions around each statement: whoever takes the list may append one."""
        remember_state()
        return self._execute_wrappers

    @execute_wrappers.setter
    def execute_wrappers(self, wrappers: list[Any]) -> None:
        remember_state()
        self._execute_wrappers = wrappers

    @property
    def savepoint_ids(self) -> list[Any]:
        """The savepoints of the open blocks; Django's `atomic` appends one, or None."""
        remember_state()
        return self._savepoint_ids

    @savepoint_ids.setter
    def savepoint_ids(self, savepoints: list[Any]) -> None:
        self._savepoint_ids = savepoints

    @property
    def atomic_blocks(self) -> list[Any]:
        """The open blocks; Django's `atomic` appends itself."""
        remember_state()
        return self._atomic_blocks

    @atomic_blocks.setter
    def atomic_blocks(self, blocks: list[Any]) -> None:
        self._atomic_blocks = blocks

    def read_transaction(self) -> int:
        """IDLE, OPEN, FAILED or CLOSED, as the driver knows without a statement."""
        raise NotImplementedError

    def look(self) -> ConnectionState:
        """Its state now."""
        return ConnectionState(
            wrapper=self,
            driver=self.driver,
            transaction=self.read_transaction(),
            is_atomic=self.in_atomic_block,
            needs_rollback=self.needs_rollback,
            is_autocommit=self.autocommit,
            savepoints=tuple(self._savepoint_ids),
            blocks=tuple(self._atomic_blocks),
            execute_wrappers=tuple(self._execute_wrappers),
        )

    def connect(self) -> None:
        # A connection that is interrupted while it is made would be lost without being closed.
        with host_code(), until(None):
            super().connect()

    def close(self) -> None:
        watch_control("Closing the connection")
        with host_code():
            super().close()

    def close_if_unusable_or_obsolete(self) -> None:
        """Called by Django before and after each request, when nothing can be going on any more."""
        if self.driver is not None and (self.in_atomic_block or self.read_transaction() != IDLE):
            if not is_in_test_case(self):
                logger.warning("A database connection was left in a transaction, by nobody known; it is closed.")
                discard(self)
            return
        super().close_if_unusable_or_obsolete()

    def commit(self) -> None:
        watch_control("commit()")
        deadline = current_deadline()
        if deadline is not None and deadline.is_over():
            self.rollback()  # Django does so for errors of the database only.
            raise DeadlineExceeded(deadline.seconds)
        super().commit()
        if deadline is not None:
            deadline.note_commit()

    def rollback(self) -> None:
        watch_control("rollback()")
        super().rollback()

    def set_rollback(self, rollback: bool) -> None:  # noqa: FBT001 - Django's signature
        if not is_in_own_block(self):
            watch_control("set_rollback()")
        super().set_rollback(rollback)

    def set_autocommit(self, *arguments: Any, **options: Any) -> None:
        remember_state()
        with host_code():
            super().set_autocommit(*arguments, **options)

    def _savepoint(self, sid: str) -> None:
        with host_code():
            super()._savepoint(sid)  # type: ignore[misc]  # The stubs leave it out.

    def _savepoint_rollback(self, sid: str) -> None:
        with host_code():
            super()._savepoint_rollback(sid)  # type: ignore[misc]  # The stubs leave it out.

    def _savepoint_commit(self, sid: str) -> None:
        with host_code():
            super()._savepoint_commit(sid)  # type: ignore[misc]  # The stubs leave it out.

    def disable_constraint_checking(self) -> bool:
        with host_code():
            return super().disable_constraint_checking()

    def enable_constraint_checking(self) -> None:
        with host_code():
            super().enable_constraint_checking()

    def check_constraints(self, table_names: Any = None) -> None:
        with host_code(), let_go():
            super().check_constraints(table_names)


class GuardedConnections(ConnectionHandler):
    """Django's `connections`: a plugin's code can't replace one of the host's."""

    def __setitem__(self, alias: str, connection: Any) -> None:
        refuse_patch(f"'{alias}' of Django's connections")
        super().__setitem__(alias, connection)

    def __delitem__(self, alias: str) -> None:
        refuse_patch(f"'{alias}' of Django's connections")
        super().__delitem__(alias)


# Nothing else is given to Django from which it could make its own.
connections.__class__ = GuardedConnections
