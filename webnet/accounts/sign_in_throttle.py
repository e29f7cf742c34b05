"""How often signing in may be tried: counted in the database, so that all workers share one count."""

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
TRIES_PER_USERNAME = 10
# Many people may share one address.
TRIES_PER_ADDRESS = 100
# Rows of windows that are over go with the next try, a few at a time, so that the table stays small.
CLEARED_PER_TRY = 20


def take(*, username: str, address: str | None) -> RateLimited | None:
    """Count one try before its password is looked at, so that tries at the same time can't slip through.

    Returns the refusal, where there were too many.
    """
    limits = _limits(username=username, address=address)
    now = timezone.now()
    _clear(now)
    rows = [_count(key, now) for key in limits]
    over = [row for row in rows if row.count > limits[row.key]]
    if not over:
        return None
    seconds = max(math.ceil((row.expires_at - now).total_seconds()) for row in over)
    return RateLimited(f"Too many tries to sign in; wait {seconds} s.", retry_after_seconds=seconds)


def give_back(*, username: str, address: str | None) -> None:
    """After a success: forget the username's tries, and do not count this one for the address."""
    SignInAttempts.objects.filter(key=_username_key(username)).delete()
    if address is not None:
        SignInAttempts.objects.filter(key=_address_key(address), count__gt=0).update(count=F("count") - 1)


def _limits(*, username: str, address: str | None) -> dict[str, int]:
    limits = {_username_key(username): TRIES_PER_USERNAME}
    if address is not None:
        limits[_address_key(address)] = TRIES_PER_ADDRESS
    return limits


def _count(key: str, now: datetime) -> SignInAttempts:
    # One row per transaction: a try that waits for a row holds no other, so no two wait for each other.
    with transaction.atomic(durable=True):
        fresh = SignInAttempts(key=key, expires_at=now + WINDOW)
        SignInAttempts.objects.bulk_create([fresh], ignore_conflicts=True)
        # It is gone again when another try clears it right here, which takes a row that nobody used for a window.
        row = SignInAttempts.objects.select_for_update().filter(key=key).first() or fresh
        if row.expires_at <= now:
            row.count, row.expires_at = 0, now + WINDOW
        row.count += 1
        SignInAttempts.objects.filter(key=key).update(count=row.count, expires_at=row.expires_at)
    return row


def _clear(now: datetime) -> None:
    with transaction.atomic(durable=True):
        unused = SignInAttempts.objects.select_for_update(skip_locked=True).filter(expires_at__lt=now - WINDOW)
        keys = [row.key for row in unused[:CLEARED_PER_TRY]]
        SignInAttempts.objects.filter(key__in=keys).delete()


def _username_key(username: str) -> str:
    return _key(f"username:{User.normalize_username(username).casefold()}")


def _address_key(address: str) -> str:
    """One key for an IPv4 address, and one for a whole IPv6 network of 64 bits: one customer of a provider has that."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 6:
        address = str(ipaddress.ip_network(f"{parsed}/64", strict=False))
    return _key(f"address:{address}")


def _key(text: str) -> str:
    return salted_hmac("webnet.accounts.attempts", text.encode(errors="replace"), algorithm="sha256").hexdigest()
