"""Reads of the audit log from a replica of the database; everything else is read from the primary database, always."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections

from webnet import metrics

logger = logging.getLogger(__name__)

PRIMARY, REPLICA = DEFAULT_DB_ALIAS, "replica"
# How long a replica that failed is left alone, so that its failure slows down one request and not all of them.
REST_SECONDS = 10.0

# The end of each chain of the log: its number and its hash.
Ends = Mapping[str, tuple[int, str]]


class ReplicaRouter:
    """Django's router: nothing is read from the replica but what names it with `using`.

    Without it, Django would read what belongs to a row of the replica from there, too.
    """

    def db_for_read(self, _model: Any, **_hints: Any) -> str:
        return PRIMARY

    def db_for_write(self, _model: Any, **_hints: Any) -> str:
        return PRIMARY

    def allow_relation(self, *_rows: Any, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, *_arguments: Any, **_hints: Any) -> bool:
        return db == PRIMARY


class _Rest:
    """Until when the replica is left alone, as `time.monotonic` counts."""

    until = 0.0


_rest = _Rest()


def has_replica() -> bool:
    """Whether there is one, and this thread may read from it now: within a transaction the primary has newer rows."""
    return REPLICA in connections.settings and not connection.in_atomic_block and monotonic() >= _rest.until


def choose_database(read_ends: Callable[[str], Ends]) -> str:
    """The alias to read rows of the log from, of which `read_ends` reads the ends of the chains that they belong to.

    The replica, if it has all that the primary has had when it was asked: so nobody misses a change that was answered.
    """
    if not has_replica():
        return PRIMARY
    wanted = read_ends(PRIMARY)
    try:
        found = read_ends(REPLICA)
    except Error as error:
        _set_aside(error)
        return PRIMARY
    has_all = all(_reaches(found.get(chain), end) for chain, end in wanted.items())
    metrics.audit_reads.labels("replica" if has_all else "primary_behind").inc()
    return REPLICA if has_all else PRIMARY


def leave_failed_replica(error: BaseException | None) -> bool:
    """Leave the replica alone if this thread's last statement on it has failed; then reading may be tried again."""
    if REPLICA not in connections.settings or not connections[REPLICA].errors_occurred:
        return False
    _set_aside(error)
    return True


def _reaches(found: tuple[int, str] | None, wanted: tuple[int, str]) -> bool:
    """A copy with another hash at the same number is one of another log, such as before a backup was restored."""
    return found is not None and (found == wanted or found[0] > wanted[0])


def _set_aside(error: BaseException | None) -> None:
    _rest.until = monotonic() + REST_SECONDS
    metrics.audit_reads.labels("primary_replica_failed").inc()
    logger.warning(
        "The replica has failed (%s): the audit log is read from the primary database.", type(error).__name__
    )
    failed = connections[REPLICA]
    failed.close()
    failed.errors_occurred = False
