"""Pauses what fails too often, whichever process it fails in, and tries again what has rested for long enough.

Each process that serves calls `keep` every few seconds. Its own counts are added to the table that all share; who finds
that a pair has failed too often there pauses it, through the manager like every other change.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from webnet.customers.models import Customer
from webnet.errors import Refusal
from webnet.plugins.changes import pauses
from webnet.plugins.manager import manager
from webnet.plugins.runtime import failure_table
from webnet.plugins.runtime.failure_counter import Count, Failing, counts
from webnet.plugins.runtime.failure_table import Pair, Tally

logger = logging.getLogger(__name__)


def keep(now: datetime | None = None) -> None:
    """One round: store, pause, try again. What can't be stored now is stored at the next round."""
    at = now or timezone.now()
    counted = counts.take()
    if counted:
        _store(counted, at)
        _pause_failing(counted, at)
        failure_table.forget_old(now=at)
    manager.retry_paused(now=at)


def _store(counted: Mapping[Failing, Count], now: datetime) -> None:
    try:
        failure_table.store(counted, now=now)
    except DatabaseError:
        counts.put_back(counted)
        raise


def _pause_failing(counted: Mapping[Failing, Count], now: datetime) -> None:
    """Only what has just failed here can have become too much just now."""
    errors: dict[Pair, str] = {(each.plugin, each.customer_id): count.error for each, count in counted.items()}
    found = failure_table.tally(errors, now=now)
    failing = {pair: each for pair, each in found.items() if each.is_too_much}
    slugs = dict(Customer.objects.filter(pk__in={pk for _, pk in failing if pk}).values_list("pk", "slug"))
    for (plugin, customer_id), each in failing.items():
        if not customer_id or customer_id in slugs:
            _pause(plugin, slugs.get(customer_id), each, error=errors[plugin, customer_id], now=now)


def _pause(plugin: str, customer: str | None, found: Tally, *, error: str, now: datetime) -> None:
    try:
        reason = found.tell()
        manager.pause(plugin, actor=pauses.QUARANTINE, customer=customer, reason=reason, error=error, now=now)
    except Refusal as refusal:  # it was uninstalled in the meantime
        logger.warning("Plugin '%s' could not be paused: %s", plugin, refusal.message)
