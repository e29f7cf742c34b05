"""The failures that all processes have counted lately, in a small table beside the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count as CountOf
from django.db.models import Q, Sum

from webnet.plugins.models import PluginFailure
from webnet.plugins.runtime.failure_counter import Count, Failing

UPSERT = (
    "INSERT INTO plugins_pluginfailure (plugin_name, customer_id, user_id, minute, failures) "
    "VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT (plugin_name, customer_id, user_id, minute) "
    "DO UPDATE SET failures = plugins_pluginfailure.failures + excluded.failures"
)

# A plugin, and a customer's id (0 for the platform).
Pair = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What failed for one pair within the window; `unattended` are those of hooks and health checks."""

    failures: int
    unattended: int
    users: int

    @property
    def is_too_much(self) -> bool:
        """Whether the plugin has to rest: what users meet counts only where it is not one user alone."""
        enough, users = settings.WEBNET_PAUSE_AFTER_FAILURES, settings.WEBNET_PAUSE_AFTER_USERS
        return self.unattended >= enough or (self.failures >= enough and self.users >= users)

    def tell(self) -> str:
        """The sentence for the audit log."""
        window = settings.WEBNET_PAUSE_WINDOW_MINUTES
        met = f"{self.failures - self.unattended} failures met by {self.users} users"
        return f"Within {window} minutes: {met}, and {self.unattended} of hooks or health checks."


def store(counted: Mapping[Failing, Count], *, now: datetime) -> None:
    """Add what this process has counted, all of it or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Sorted: two processes that store the same rows then wait for each other, and not in a circle.
        for failing in sorted(counted):
            values = (failing.plugin, failing.customer_id, failing.user_id, _minute(now), counted[failing].failures)
            cursor.execute(UPSERT, values)


def tally(pairs: Iterable[Pair], *, now: datetime) -> dict[Pair, Tally]:
    """What failed for each of these pairs within the window, whichever process has counted it."""
    wanted = set(pairs)
    since = _minute(now) - settings.WEBNET_PAUSE_WINDOW_MINUTES
    rows = PluginFailure.objects.filter(
        minute__gt=since,
        plugin_name__in={plugin for plugin, _ in wanted},
        customer_id__in={customer for _, customer in wanted},
    )
    sums = rows.values_list("plugin_name", "customer_id").annotate(
        all=Sum("failures"),
        unattended=Sum("failures", filter=Q(user_id=0), default=0),
        users=CountOf("user_id", filter=~Q(user_id=0), distinct=True),
    )
    return {
        (plugin, customer): Tally(failures=failures, unattended=unattended, users=users)
        for plugin, customer, failures, unattended, users in sums
        if (plugin, customer) in wanted
    }


def forget(plugin: str, customer_id: int) -> None:
    """Start over for this pair."""
    PluginFailure.objects.filter(plugin_name=plugin, customer_id=customer_id).delete()


def forget_old(*, now: datetime) -> None:
    """Delete what no window reaches any more."""
    PluginFailure.objects.filter(minute__lte=_minute(now) - settings.WEBNET_PAUSE_WINDOW_MINUTES).delete()


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
