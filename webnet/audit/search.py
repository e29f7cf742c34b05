"""Narrows the audit log down; what it adds to a query, a keyset page can go through an index with."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from webnet.audit.models import PluginAuditLog

SEARCHED = ("reason", "actor_name", "plugin_name", "customer_slug", "action", "error_code")
BEYOND_ALL_POSITIONS = 2**63 - 1


def created_from(rows: QuerySet[PluginAuditLog], instant: datetime) -> QuerySet[PluginAuditLog]:
    """The rows of this instant and later."""
    return rows.filter(position__gte=_first_position(instant))


def created_until(rows: QuerySet[PluginAuditLog], instant: datetime) -> QuerySet[PluginAuditLog]:
    """The rows before this instant."""
    return rows.filter(position__lt=_first_position(instant))


def containing(rows: QuerySet[PluginAuditLog], text: str) -> QuerySet[PluginAuditLog]:
    """The rows with this text, in either case, in their reason, in a name, in the action or the error code.

    Not in addresses: not everybody who may read a row may read where it came from.
    """
    found = Q()
    for column in SEARCHED:
        found |= Q(**{f"{column}__icontains": text})
    return rows.filter(found)


def _first_position(instant: datetime) -> Coalesce:
    # Times never run backwards along the positions, so a time is a position, which pages are cut by.
    later = PluginAuditLog.objects.filter(created_at__gte=instant).order_by("created_at", "position")
    return Coalesce(Subquery(later.values("position")[:1]), BEYOND_ALL_POSITIONS)
