"""Slows down wrong attempts to sign in, by account and network. Counted in the database, which all workers share.

Nobody can keep others out: an account's failures count for the network that they come from. Only an attack from many
networks slows down the account itself, and then only on devices that it does not know.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from webnet import metrics
from webnet.accounts.authentication import network_of
from webnet.accounts.models import SignInAttempts
from webnet.customers.models import User
from webnet.errors import RateLimited
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class Limit:
    """After so many `free` failures, each one doubles the wait, from 2 seconds up to the longest.

    One failure is forgiven each time that `forgiven_seconds` pass.
    """

    free: int
    longest_seconds: int
    forgiven_seconds: int

    def wait(self, failures: int) -> timedelta:
        """How long the next attempt has to wait."""
        doublings = min(failures - self.free, 20)  # So that the power stays small; no wait is that long.
        return timedelta(seconds=min(2 ** (doublings + 1), self.longest_seconds) if doublings >= 0 else 0)


# Of one account from one network, or on one known device: about 100 guesses a day.
PER_ACCOUNT_HERE = Limit(free=5, longest_seconds=900, forgiven_seconds=900)
# Many people may share an address, so the waits are short: about 2,900 guesses a day, at all accounts together.
PER_NETWORK = Limit(free=50, longest_seconds=60, forgiven_seconds=30)
# An account's first failures from each network, so one network alone can't reach it: it takes twenty.
PER_ACCOUNT = Limit(free=100, longest_seconds=60, forgiven_seconds=60)

# Each attempt deletes a few rows that have ended, which keeps the table small without a periodic task: an attempt adds
# three at most. Passwords are hashed a few at a time, so there can't be more than a few hundred attempts in a second.
ROWS_DELETED_PER_ATTEMPT = 20


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt that was counted as a failure; `counted` has what it counts for, first the account from here."""

    counted: tuple[tuple[Limit, SignInAttempts], ...]

    def succeed(self) -> None:
        """Forget the account's failures from here, and take back what this attempt counts for elsewhere."""
        (_, here), *others = self.counted
        _rows(here.key).delete()
        for limit, row in others:
            # If another attempt has made them wait for longer since, they still do.
            _rows(row.key).filter(not_before=row.not_before).update(not_before=None)
            _rows(row.key).update(expires_at=F("expires_at") - timedelta(seconds=limit.forgiven_seconds))


def count_attempt(*, username: str, address: str | None, device: str | None) -> Attempt:
    """Count an attempt as a failure before its password is checked, so that parallel ones gain nothing.

    `device` is the name of a known device. Raises RateLimited: then nothing is counted, and the password must not be
    checked, since the right one has to be refused as well.
    """
    now = timezone.now()
    _delete_ended(now)
    account = User.normalize_username(username).casefold()
    network = network_of(address) if address is not None else ""  # without one, as with a Unix socket
    if device is not None:
        limits = {_key("device", account, device): PER_ACCOUNT_HERE}
    else:
        limits = {_key("here", account, network): PER_ACCOUNT_HERE, _key("account", account): PER_ACCOUNT}
        if network:
            limits[_key("network", network)] = PER_NETWORK
    for row in SignInAttempts.objects.filter(key__in=limits):
        _require_not_waiting(row, now)
    counted: list[tuple[Limit, SignInAttempts]] = []
    for key, limit in limits.items():
        if limit is PER_ACCOUNT and _failures(counted[0], now) > PER_ACCOUNT_HERE.free:
            continue
        counted.append((limit, _count(key, limit, now)))
    return Attempt(counted=tuple(counted))


def _count(key: str, limit: Limit, now: datetime) -> SignInAttempts:
    # One row per transaction: an attempt that waits for a row lock holds no other, so there are no deadlocks.
    with transaction.atomic(durable=True):
        row = None
        while row is None:  # Another attempt may delete a row that has ended between these two statements.
            fresh = SignInAttempts(key=key, expires_at=now)
            SignInAttempts.objects.bulk_create([fresh], ignore_conflicts=True)
            row = _rows(key).select_for_update().first()
        _require_not_waiting(row, now)  # Parallel attempts may have been counted since the first look.
        row.expires_at = max(row.expires_at, now) + timedelta(seconds=limit.forgiven_seconds)
        if wait := limit.wait(_failures((limit, row), now)):
            row.not_before = now + wait
        row.save(update_fields=["expires_at", "not_before"])
    return row


def _require_not_waiting(row: SignInAttempts, now: datetime) -> None:
    if row.not_before is not None and row.not_before > now:
        seconds = math.ceil((row.not_before - now).total_seconds())
        metrics.refused_requests.labels("sign_in").inc()
        raise RateLimited(
            sentence("Too many attempts to sign in: wait {seconds} s.", seconds=seconds), retry_after_seconds=seconds
        )


def _failures(counted: tuple[Limit, SignInAttempts], now: datetime) -> int:
    limit, row = counted
    # Rounded, since the clocks and the starts of parallel attempts differ a little.
    return round((row.expires_at - now) / timedelta(seconds=limit.forgiven_seconds))


def _delete_ended(now: datetime) -> None:
    with transaction.atomic(durable=True):
        ended = SignInAttempts.objects.select_for_update(skip_locked=True).filter(expires_at__lt=now)
        keys = [row.key for row in ended[:ROWS_DELETED_PER_ATTEMPT]]
        SignInAttempts.objects.filter(key__in=keys).delete()


def _rows(key: str) -> QuerySet[SignInAttempts]:
    return SignInAttempts.objects.filter(key=key)


def _key(*parts: str) -> str:
    text = json.dumps(parts)
    return salted_hmac("webnet.accounts.attempts", text, algorithm="sha256").hexdigest()
