"""Walks along the audit log's rows and finds those that don't follow from the previous row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import OperationalError

from webnet.audit.log import chained_hash, hashed_text
from webnet.audit.models import PluginAuditLog

# Rows that are in memory at the same time; one is a few hundred bytes, or a few kilobytes with large settings.
BATCH_ROWS = 1000
# What reading a column can raise when its content is not what the application wrote.
UNREADABLE = (ValueError, TypeError, OverflowError, OperationalError)
# The number and the hash of a chain's last row.
End = tuple[int, str]


@dataclass(frozen=True)
class LogFault:
    """One fault of the log; `message` is a sentence that names its position.

    `is_missing_key` where nothing was found but that a signature can't be judged without a key.
    """

    message: str
    is_missing_key: bool = False


@dataclass
class Walk:
    """The ends of the chains at `position`: where a walk starts, and how far it is after each row."""

    position: int = 0
    ends: dict[str, End] = field(default_factory=dict)
    # After a wrong hash the next row may follow either: the hash that is stored, or the right one.
    _also_possible: dict[str, str] = field(default_factory=dict)

    def follow(self, row: PluginAuditLog) -> list[LogFault]:
        """Move to the next row, and return what is wrong with it; a fault is not reported again for later rows."""
        try:
            found = list(self._check(row))
        except UNREADABLE:
            found = [LogFault(f"Position {row.position}: edited; a column can't be read.")]
        self.position = max(self.position, row.position)
        return found

    def _check(self, row: PluginAuditLog) -> Iterator[LogFault]:
        if missing := span(self.position + 1, row.position - 1):
            yield LogFault(f"Position {missing}: removed; the next row is at position {row.position}.")

        sequence, previous = self.ends.get(row.chain, (0, ""))
        possible = {previous, self._also_possible.pop(row.chain, previous)}
        right = {chained_hash(previous=each, text=row.text) for each in possible}
        if row.sequence != sequence + 1:
            missing = span(sequence + 1, row.sequence - 1)
            what = f"{missing} removed" if missing else f"inserted or moved, since the chain was at {sequence}"
            yield LogFault(f"Position {row.position}: it is number {row.sequence} of chain {row.chain}; {what}.")
        elif row.hash not in right:
            yield LogFault(f"Position {row.position}: edited; its hash does not follow in chain {row.chain}.")
            self._also_possible[row.chain] = min(right)
        self.ends[row.chain] = (row.sequence, row.hash)

        if hashed_text(row) != row.text and hashed_text(row, sort_members=True) != row.text:
            yield LogFault(f"Position {row.position}: edited; its columns differ from the text that was hashed.")


def read_rows(*, after: int) -> Iterator[PluginAuditLog]:
    """The rows after a position, in order, a batch at a time."""
    rows = PluginAuditLog.objects.order_by("position")
    while True:
        following = rows.filter(position__gt=after)
        try:
            batch = list(following[:BATCH_ROWS])
        except UNREADABLE:
            # A row of the batch can't be read. Without their columns all of them can be fetched; each column is then
            # read when it is used, and fails in `Walk.follow` for that row alone.
            batch = list(following.only("position")[:BATCH_ROWS])
        if not batch:
            return
        yield from batch
        after = batch[-1].position


def span(first: int, last: int) -> str:
    """The range as '7' or '7 to 9'; empty if it contains nothing."""
    return "" if first > last else str(first) if first == last else f"{first} to {last}"
