"""Limits attempts to sign in, by username and by address. Counted in the database, which all workers share."""

from __future__ import annotations

import ipaddress
import math
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from webnet.accounts.models import SignInAttempts
from webnet.customers.models import User
from webnet.errors import RateLimited

WINDOW = timedelta(minutes=5)
ATTEMPTS_PER_USERNAME = 10
# Higher, since many people may share an address.
ATTEMPTS_PER_ADDRESS = 100
# Each attempt deletes a few rows of windows that have ended, which keeps the table small without a periodic task.
ROWS_DELETED_PER_ATTEMPT = 20


def count_attempt(*, username: str, address: str | None) -> RateLimited | None:
    """Count an attempt before its password is checked, so that parallel attempts can't exceed the limit.

    Returns the refusal when there were too many.
    """
    limits = _limits(username=username, address=address)
    now = timezone.now()
    _delete_ended(now)
    rows = [_count(key, now) for key in limits]
    over = [row for row in rows if row.count > limits[row.key]]
    if not over:
        return None
    seconds = max(math.ceil((row.expires_at - now).total_seconds()) for row in over)
    return RateLimited(f"Too many attempts to sign in: wait {seconds} s.", retry_after_seconds=seconds)


def reset(*, username: str, address: str | None) -> None:
    """After a successful sign-in: forget the username's attempts, and uncount this one for the address."""
    SignInAttempts.objects.filter(key=_username_key(username)).delete()
    if address is not None:
        SignInAttempts.objects.filter(key=_address_key(address), count__gt=0).update(count=F("count") - 1)


def _limits(*, username: str, address: str | None) -> dict[str, int]:
    limits = {_username_key(username): ATTEMPTS_PER_USERNAME}
    if address is not None:
        limits[_address_key(address)] = ATTEMPTS_PER_ADDRESS
    return limits


def _count(key: str, now: datetime) -> SignInAttempts:
    # One row per transaction: an attempt that waits for a row lock holds no other, so there are no deadlocks.
    with transaction.atomic(durable=True):
        fresh = SignInAttempts(key=key, expires_at=now + WINDOW)
        SignInAttempts.objects.bulk_create([fresh], ignore_conflicts=True)
        # The row may be missing: another attempt can delete it between these two statements, if it ended long ago.
        row = SignInAttempts.objects.select_for_update().filter(key=key).first() or fresh
        if row.expires_at <= now:
            row.count, row.expires_at = 0, now + WINDOW
        row.count += 1
        SignInAttempts.objects.filter(key=key).update(count=row.count, expires_at=row.expires_at)
    return row


def _delete_ended(now: datetime) -> None:
    with transaction.atomic(durable=True):
        unused = SignInAttempts.objects.select_for_update(skip_locked=True).filter(expires_at__lt=now - WINDOW)
        keys = [row.key for row in unused[:ROWS_DELETED_PER_ATTEMPT]]
        SignInAttempts.objects.filter(key__in=keys).delete()


def _username_key(username: str) -> str:
    return _key(f"username:{User.normalize_username(username).casefold()}")


def _address_key(address: str) -> str:
    """One key per IPv4 address, and per IPv6 /64 network, since providers assign a whole one to each subscriber."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 6:
        address = str(ipaddress.ip_network(f"{parsed}/64", strict=False))
    return _key(f"address:{address}")


def _key(text: str) -> str:
    return salted_hmac("webnet.accounts.attempts", text.encode(errors="replace"), algorithm="sha256").hexdigest()
