"""What webnet's two database backends add to Django's: plugins' code is watched, and its leftovers are seen."""

from __future__ import annotations

import logging
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from webnet.database.clean_room import IDLE, ConnectionState, add_connection, discard, is_in_own_block, remember_state
from webnet.database.guard import watch_control
from webnet.database.held_transaction import let_go
from webnet.django_internals import is_in_test_case
from webnet.plugin_calls import host_code

logger = logging.getLogger(__name__)


class GuardedConnection(BaseDatabaseWrapper):
    """Django's connection. Statements that Django runs by itself for a plugin's `atomic` are not the plugin's."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.driver: Any = None
        self._execute_wrappers: list[Any] = []
        self._savepoint_ids: list[Any] = []
        self._atomic_blocks: list[Any] = []
        super().__init__(*arguments, **options)
        add_connection(self)

    @property
    def connection(self) -> Any:
        """The driver's connection: whoever takes it may do anything with it."""
        remember_state()
        return self.driver

    @connection.setter
    def connection(self, driver: Any) -> None:
        self.driver = driver

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
            savepoints=len(self._savepoint_ids),
            blocks=len(self._atomic_blocks),
            execute_wrappers=tuple(self._execute_wrappers),
        )

    def connect(self) -> None:
        with host_code():
            super().connect()

    def close(self) -> None:
        watch_control("Closing the connection")
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
        super().commit()

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
