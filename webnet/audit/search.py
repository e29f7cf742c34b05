"""Searches the audit log: the same text finds the same rows in the API, in subscriptions and in exports."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BigIntegerField, F, Func, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from webnet.audit.log import POSITION_HEAD
from webnet.audit.models import AuditHead, PluginAuditLog

# The columns that everybody who may read a row can see. Not the address, which only admins see.
SEARCHED_COLUMNS = (
    "reason",
    "actor_name",
    "customer_slug",
    "plugin_name",
    "plugin_version",
    "action",
    "error_code",
    "request_id",
)
SEARCHED_JSON = ("before", "after")
# U+001F, the "unit separator": nobody searches for it, so nothing is found across the end of a column.
SEPARATOR = Value("\x1f")
MOST_CHAINS = 50
BEYOND_ALL_POSITIONS = Value(2**63 - 1, output_field=BigIntegerField())


class JsonText(Func):
    """JSON as text in which letters are as they are; empty for NULL."""

    # JSON_TEXT is a function of webnet.database.sqlite: Django stores JSON with escaped letters there.
    template = "COALESCE(JSON_TEXT(%(expressions)s), '')"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        return self.as_sql(compiler, connection, template="COALESCE(%(expressions)s::text, '')")


class JoinedText(Func):
    """Texts after one another. Django's `Concat` nests them, more deeply than SQLite's parser goes."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


def containing(rows: QuerySet[PluginAuditLog], text: str) -> QuerySet[PluginAuditLog]:
    """The rows with this text, in either case, in one of the columns above or in what changed.

    No index helps: every row is read, so the caller has to limit their number. All columns are one text, which is put
    into capitals once.
    """
    columns = [*map(F, SEARCHED_COLUMNS), *map(JsonText, SEARCHED_JSON)]
    separated = [each for column in columns for each in (SEPARATOR, column)]
    # In JSON, a quotation mark is escaped.
    spellings = sorted({text, json.dumps(text, ensure_ascii=False)[1:-1]})
    found = reduce(or_, (Q(searched__icontains=spelling) for spelling in spellings))
    return rows.alias(searched=JoinedText(*separated)).filter(found)


def created_between(
    rows: QuerySet[PluginAuditLog], start: datetime | None, until: datetime | None, *, cursors: Collection[str] = ()
) -> QuerySet[PluginAuditLog]:
    """The rows from `start` on and before `until`; `cursors` are those of "after" and "before" that the page has.

    Times become positions, since times never run backwards along these: every index ends with the position, so each
    of them can be used.
    """
    # Of two bounds on one side SQLite uses one for its index, and not the cursor's. `+ 0` hides the span's bound from
    # the index where a cursor bounds the same side: pages go from new rows to old ones, so `before` is a lower bound.
    rows = rows.alias(unindexed_position=F("position") + 0)
    by_time = PluginAuditLog.objects.order_by("created_at", "position").values("position")
    if start is not None:
        column = "unindexed_position" if "before" in cursors else "position"
        first = Subquery(by_time.filter(created_at__gte=start)[:1])
        rows = rows.filter(**{f"{column}__gte": Coalesce(first, BEYOND_ALL_POSITIONS)})
    if until is not None:
        column = "unindexed_position" if "after" in cursors else "position"
        end = Subquery(by_time.filter(created_at__gte=until)[:1])
        rows = rows.filter(**{f"{column}__lt": Coalesce(end, BEYOND_ALL_POSITIONS)})
    return rows


def read_ends(database: str, *, customers: Collection[int] | None) -> dict[str, tuple[int, str]]:
    """The last number and hash of each customer's chain, or of the whole log, in the database with this alias."""
    # One number ends the whole log; with very many customers it is asked for, too.
    chains = [POSITION_HEAD] if customers is None or len(customers) > MOST_CHAINS else list(map(str, customers))
    heads = AuditHead.objects.using(database).filter(chain__in=chains)
    return {chain: (number, hash_) for chain, number, hash_ in heads.values_list("chain", "sequence", "hash")}


def has_row(position: int, hash_: str) -> bool:
    """Whether this log contains the row, or has contained it and pruned it since, and is not another log."""
    rows = PluginAuditLog.objects.order_by("position").values_list("position", "hash")
    following = rows.filter(position__gte=position).first()
    if following is None or following[0] == position:
        # Without any, the log ends before it: pruning never removes the last row.
        return following == (position, hash_)
    # Positions have no gaps, and pruning removes the oldest rows: it was pruned if nothing comes before it.
    return not rows.filter(position__lt=position).exists()
