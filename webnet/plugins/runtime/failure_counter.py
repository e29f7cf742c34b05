"""Counts in memory what fails at run time in this process, until `quarantine` adds it to what others have counted.

Counting takes no statement and no time, so that a plugin that fails often costs its requests nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from webnet.database.outages import is_outage
from webnet.errors import WebnetError

# More than a process meets within a few seconds; beyond it only what is there already is counted on.
MAXIMUM_KEYS = 10_000


@dataclass(frozen=True, kw_only=True, order=True)
class Failing:
    """What fails, and for whom: ids, with 0 for the platform, and for what no user has met (a hook, a health check)."""

    plugin: str
    customer_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class Count:
    """How often, and what it was last: the kind and the place, without the exception's own text."""

    failures: int
    error: str


class FailureCounts:
    """The counts of one process since they were taken last; safe under threads."""

    def __init__(self) -> None:
        self._counts: dict[Failing, Count] = {}
        self._lock = Lock()

    def add(self, failing: Failing, *, error: str, failures: int = 1) -> None:
        with self._lock:
            known = self._counts.get(failing)
            if known is not None or len(self._counts) < MAXIMUM_KEYS:
                before = known.failures if known is not None else 0
                self._counts[failing] = Count(failures=before + failures, error=error)

    def take(self) -> dict[Failing, Count]:
        """What was counted; from here on it is counted anew."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def put_back(self, taken: Mapping[Failing, Count]) -> None:
        """Count again what could not be stored."""
        for failing, count in taken.items():
            self.add(failing, error=count.error, failures=count.failures)


counts = FailureCounts()


def count_for_user(
    plugin: str, *, user_id: int | None, customer_id: int | None, raised: BaseException | None, place: str
) -> None:
    """A user met a failure of the plugin in a field, on a page or in a widget; None was raised where it took too long.

    `place` follows on the kind of what was raised: "at Query.devices".
    """
    if user_id is not None and _counts(raised):
        failing = Failing(plugin=plugin, customer_id=customer_id or 0, user_id=user_id)
        counts.add(failing, error=_describe(raised, place))


def count(plugin: str, *, customer_id: int | None, raised: BaseException | None, place: str) -> None:
    """A hook or a health check of the plugin failed."""
    if _counts(raised):
        counts.add(Failing(plugin=plugin, customer_id=customer_id or 0, user_id=0), error=_describe(raised, place))


def _counts(raised: BaseException | None) -> bool:
    """A refusal is no failure, and with the database away all plugins would be paused at once."""
    return not isinstance(raised, WebnetError) and not is_outage(raised)


def _describe(raised: BaseException | None, place: str) -> str:
    return f"{type(raised).__name__ if raised is not None else 'Timeout'} {place}"
