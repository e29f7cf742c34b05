"""Compares the whole audit log with its chains, its heads and its signed checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile

from django.db import connection

from webnet.audit import checkpoints
from webnet.audit.chain import LogFault, Walk, read_rows, span
from webnet.audit.checkpoints import Statement
from webnet.audit.log import POSITION_HEAD
from webnet.audit.models import AuditHead, PluginAuditLog

# Both read one state of the database for as long as the transaction lasts.
SNAPSHOT = {"sqlite": "BEGIN DEFERRED", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}


def verify(
    *, trusted: Collection[str], kept: Iterable[str] = (), advance: Callable[[], object] = lambda: None
) -> Iterator[LogFault]:
    """Find whatever was edited, removed, inserted or reordered, one fault for each row or checkpoint.

    `trusted` are public keys, `kept` the lines of checkpoints that were kept elsewhere; `advance` is called for each
    row. Memory does not grow with the rows. Call it within `snapshot`, since others go on writing.
    """
    yield from checkpoints.check(trusted)
    yield from checkpoints.check_kept(kept, trusted)
    walk = Walk()
    yield from _walk_rows(walk, advance)
    yield from _compare_heads(walk)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one state of the database without blocking any writer; inside a transaction, that transaction's state."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        # Not `atomic`: on SQLite it begins with the write lock, which would block every writer.
        cursor.execute(SNAPSHOT[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def pruned_to() -> int:
    """The position up to which rows were pruned, according to the checkpoints."""
    return max((statement.pruned_to for statement in checkpoints.read_statements()), default=0)


def last_position() -> int:
    """The position up to which the log was written."""
    head = AuditHead.objects.filter(chain=POSITION_HEAD).first()
    return head.sequence if head else 0


def fast_forward(walk: Walk, statements: Iterable[Statement]) -> None:
    """Move the walk to the last of these statements, without reading rows."""
    for statement in statements:
        walk.position = statement.position
        walk.ends.update(statement.heads)


def _walk_rows(walk: Walk, advance: Callable[[], object]) -> Iterator[LogFault]:
    floor, last = pruned_to(), last_position()
    if floor:
        # The rows up to the floor were pruned; the signed ends replace them.
        fast_forward(walk, takewhile(lambda each: each.position <= floor, checkpoints.read_statements()))
    for row in PluginAuditLog.objects.filter(position__lte=floor).only("position").iterator():
        yield LogFault(f"Position {row.position}: inserted; the original was pruned, or never existed.")
    # Rows and checkpoints are merged by position, so that neither is ever in memory as a whole.
    statements = (each for each in checkpoints.read_statements() if each.position > floor)
    statement = next(statements, None)
    for row in read_rows(after=floor):
        while statement and statement.position < row.position:
            yield from _compare(walk, statement)
            statement = next(statements, None)
        # A row after the last position that the head names was inserted. The walk continues as if all before it were
        # there, so that only this row is reported.
        if row.position > last:
            yield from _check_tail(walk, last)
            yield LogFault(f"Position {row.position}: inserted; the log was written up to position {last}.")
            walk.position = row.position - 1
        yield from walk.follow(row)
        advance()
    while statement:
        yield from _compare(walk, statement)
        statement = next(statements, None)


def _compare(walk: Walk, statement: Statement) -> Iterator[LogFault]:
    name = f"Checkpoint {statement.number}"
    if walk.position < statement.position:
        yield LogFault(
            f"{name}: it signs position {statement.position}, but before it the rows end at {walk.position}."
        )
    for chain, end in statement.heads.items():
        if walk.ends.get(chain) != end:
            yield LogFault(
                f"{name}: up to position {statement.position}, chain {chain} is not what was signed: "
                f"its row {end[0]} was removed, or some row up to it edited or replaced."
            )


def _check_tail(walk: Walk, last: int) -> Iterator[LogFault]:
    if missing := span(walk.position + 1, last):
        yield LogFault(f"Position {missing}: removed; the log's tail was cut off.")


def _compare_heads(walk: Walk) -> Iterator[LogFault]:
    heads = {head.chain: (head.sequence, head.hash) for head in AuditHead.objects.exclude(chain=POSITION_HEAD)}
    yield from _check_tail(walk, last_position())
    for chain in sorted(heads.keys() | walk.ends.keys()):
        (found, _), (written, _) = walk.ends.get(chain, (0, "")), heads.get(chain, (0, ""))
        if walk.ends.get(chain, (0, "")) != heads.get(chain, (0, "")):
            yield LogFault(
                f"Chain {chain} ends at number {found}, but it was written up to {written}: "
                "its last row was removed, inserted or edited."
            )
