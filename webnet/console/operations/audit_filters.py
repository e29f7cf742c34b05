"""What the audit log's address asks for: the fields of its filter form, as the variables of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from webnet.console.frame.paging import read_text
from webnet.console.time_zones import find_zone

OUTCOMES = ("SUCCEEDED", "REFUSED", "FAILED")
# The field of the filter, by the name in the address.
TEXTS = {"plugin": "plugin", "actor": "actor", "action": "action", "code": "errorCode", "customer": "customer"}
TIMES = {"from": "createdFrom", "until": "createdUntil"}


@dataclass(frozen=True, kw_only=True)
class AuditFilters:
    """`typed` is what was in the form, by field; `errors` say what can't be used of it; `filter` is for GraphQL."""

    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    filter: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_more(self) -> bool:
        """Whether a field is used that is not always in sight."""
        return any(self.typed[name] for name in self.typed if name not in ("q", "outcome"))

    @property
    def may_stop_early(self) -> bool:
        """Whether a page may have looked at a part of the rows only."""
        return bool(self.filter)


def read_filters(request: HttpRequest, *, has_customers: bool) -> AuditFilters:
    """The filters in the address; `has_customers` is whether rows of several customers may be there."""
    names = ["q", "outcome", *TEXTS, "request", *TIMES]
    typed = {name: read_text(request, name) for name in names if has_customers or name != "customer"}
    errors: dict[str, str] = {}
    wanted: dict[str, Any] = {TEXTS[name]: [typed[name]] for name in TEXTS if typed.get(name)}
    if typed["q"]:
        wanted["search"] = typed["q"]
    if typed["request"]:
        wanted["requestId"] = typed["request"]
    if typed["outcome"] in OUTCOMES:
        wanted["outcome"] = [typed["outcome"]]
    elif typed["outcome"]:
        errors["outcome"] = _("Choose one of the list.")
    zone = find_zone(request)
    for name, wanted_as in TIMES.items():
        if not typed[name]:
            continue
        instant = _read_time(typed[name], zone)
        if instant is None:
            errors[name] = _("Write a date and a time, such as 2026-01-31T12:00.")
            continue
        wanted[wanted_as] = instant.isoformat().replace("+00:00", "Z")
        # As the browser's field takes it: local, and with a time.
        typed[name] = instant.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")
    return AuditFilters(typed=typed, errors=errors, filter=wanted)


def _read_time(text: str, zone: tzinfo) -> datetime | None:
    """In UTC; without an offset it is of the person's zone. None for what is not a time."""
    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=zone)
        # The first and the last day of all are none in every zone.
        aware.astimezone(zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
