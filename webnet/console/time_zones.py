"""The time zone in which a person reads times: the one they chose, or else that of their browser, or else UTC.

Both are cookies: a page's script stores the browser's zone, and the form on the account page stores a choice. The
zone changes only how times are written. Nothing is computed in it, so no zone is activated.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import lru_cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest

BROWSER_COOKIE = "webnet_timezone"
CHOICE_COOKIE = "webnet_chosen_timezone"


def find_zone(request: HttpRequest | None) -> tzinfo:
    """The zone of whoever sent the request; one that does not exist counts as none."""
    if request is None:
        return UTC
    for cookie in (CHOICE_COOKIE, BROWSER_COOKIE):
        # Scripts that encode cookies write "Europe%2FBerlin".
        name = unquote(request.COOKIES.get(cookie, ""))
        if is_zone(name):
            return ZoneInfo(name)
    return UTC


def is_zone(name: str) -> bool:
    """Whether it names a zone. ZoneInfo alone would open files by what somebody sent."""
    return name in zone_names()


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All names of this machine; kept, since they are read from a folder of 600 files."""
    return frozenset(available_timezones())
