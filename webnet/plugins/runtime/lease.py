"""Work that one process at a time does for all: which of them it is, without comparing anybody's clocks."""

from __future__ import annotations

from time import monotonic

from django.db.models import F

from webnet.plugins.models import Lease

# How long the others have to see no renewal before one of them takes over: three beats of a process that lives.
LEASE_SECONDS = 45


class Candidate:
    """One process that wants the lease `name`; it calls `keep` every few seconds, and `release` when it ends.

    Nobody writes a time: each renewal changes a number, and the others measure with their own monotonic clocks for how
    long it has not changed. So neither a wrong clock nor a restored backup gives the lease to two, or to nobody.
    """

    def __init__(self, name: str, *, token: str) -> None:
        self._rows = Lease.objects.filter(name=name)
        self._name = name
        self._token = token
        self._held_until = 0.0
        self._seen: tuple[str, int] | None = None
        self._seen_at = 0.0

    @property
    def is_holder(self) -> bool:
        """Whether this process has the lease, and so nobody else can have taken it yet."""
        return monotonic() < self._held_until

    def keep(self) -> None:
        """Renew the lease, or take it if it is free or its holder has stopped renewing it."""
        # Before the statement, since the others can see its effect at any time from now on.
        now = monotonic()
        if self._rows.filter(holder=self._token).update(renewals=F("renewals") + 1) or self._take(now):
            self._held_until = now + LEASE_SECONDS
        else:
            self._held_until = 0.0

    def release(self) -> None:
        """Let another process take it at once."""
        self._held_until = 0.0
        self._rows.filter(holder=self._token).update(holder="")

    def _take(self, now: float) -> bool:
        Lease.objects.bulk_create([Lease(name=self._name)], ignore_conflicts=True)
        found: tuple[str, int] = self._rows.values_list("holder", "renewals").get()
        if found != self._seen:
            self._seen, self._seen_at = found, now
        holder, renewals = found
        if holder and now - self._seen_at < LEASE_SECONDS:
            return False
        # Of two processes that take it at the same time, only one still finds the row as both have seen it.
        unchanged = self._rows.filter(holder=holder, renewals=renewals)
        return bool(unchanged.update(holder=self._token, renewals=F("renewals") + 1))
