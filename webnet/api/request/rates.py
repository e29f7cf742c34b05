"""Limits how many points of the API each user, token and address may spend in a minute; kept in memory or in Redis.

Each of them has a bucket that holds the points of one minute and fills again evenly. An operation that costs more than
a bucket holds needs a full one, and what it owes is waited for afterwards.
"""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

from webnet import metrics
from webnet.accounts.authentication import RequestIdentity, ip_address, network_of
from webnet.errors import RateLimited
from webnet.plugins.runtime import reported_problems
from webnet.plugins.runtime.reported_problems import ReportedKind
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

# What every request costs on top of its operation: about the time that a hundred values of rows take.
REQUEST_POINTS = 100
# What one costs that is not let in, with a wrong token or for an unknown customer: nobody needs many of them.
STRANGER_POINTS = 1_000

MINUTE_SECONDS = 60.0
# Of each kind; a bucket takes about 200 bytes. The one that was used longest ago is dropped, which is most likely full.
MOST_BUCKETS = 50_000
# Short, since every request waits for it.
REDIS_TIMEOUT_SECONDS = 0.3
# How long a Redis that did not answer is left alone.
REDIS_PAUSE_SECONDS = 5.0
# Whose requests they are, made once and not for each request.
FROM_YOUR_ADDRESS, WITHOUT_SIGNING_IN = sentence("from your address"), sentence("without signing in")
WITH_THIS_TOKEN, BY_THIS_USER = sentence("with this token"), sentence("by this user")


class Claim(NamedTuple):
    """Points that are wanted of one bucket. `whose` is in the sentence "Too many requests ..."."""

    kind: str
    key: str
    whose: str
    per_minute: int


class Verdict(NamedTuple):
    """The seconds to wait, 0 if the points were taken, and the place of the claim that asks for the longest wait."""

    seconds: float
    place: int


class Buckets:
    """The buckets of this process, of each kind a bounded number; each is the time at which it will be full again."""

    def __init__(self) -> None:
        self._full_at: dict[str, OrderedDict[str, float]] = {}
        self._lock = Lock()

    def take(
        self, claims: Sequence[Claim], *, points: int, processes: int, now: float, on_credit: bool = False
    ) -> Verdict:
        """Take the points of all claims, or of none; `on_credit` from each bucket that does not owe any."""
        # A process has its part of the points of a minute, so it takes as many times as long until they are back.
        costs = [MINUTE_SECONDS * points * processes / claim.per_minute for claim in claims]
        with self._lock:
            full_at = [max(now, self._of(claim.kind).get(claim.key, now)) for claim in claims]
            waits = [
                # In this order a full bucket is exactly full, whatever the clock says: sums of it would be rounded.
                (full - now) + (0 if on_credit else min(cost, MINUTE_SECONDS)) - MINUTE_SECONDS
                for full, cost in zip(full_at, costs, strict=True)
            ]
            longest = max(waits)
            if longest > 0:
                return Verdict(longest, waits.index(longest))
            for claim, full, cost in zip(claims, full_at, costs, strict=True):
                buckets = self._of(claim.kind)
                buckets[claim.key] = full + cost
                buckets.move_to_end(claim.key)
                if len(buckets) > MOST_BUCKETS:
                    buckets.popitem(last=False)
        return Verdict(0, 0)

    def __len__(self) -> int:
        return sum(map(len, self._full_at.values()))

    def _of(self, kind: str) -> OrderedDict[str, float]:
        return self._full_at.setdefault(kind, OrderedDict())


# The same as `Buckets.take`, for all processes and by the clock of Redis. A bucket is removed once it is full.
TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local full, longest, place = {}, 0, 0
for i, key in ipairs(KEYS) do
    full[i] = math.max(now, tonumber(redis.call('GET', key) or now))
    local needed = ARGV[#KEYS + 1] == '1' and 0 or math.min(tonumber(ARGV[i]), 60)
    local wait = (full[i] - now) + needed - 60
    if wait > longest then longest, place = wait, i - 1 end
end
if longest > 0 then return {tostring(longest), place} end
for i, key in ipairs(KEYS) do
    local at = full[i] + tonumber(ARGV[i])
    redis.call('SET', key, string.format('%.6f', at), 'PX', math.ceil((at - now) * 1000))
end
return {'0', 0}
"""


class SharedBuckets:
    """The buckets in Redis, which all processes of all hosts have in common."""

    def __init__(self, url: str) -> None:
        # They take 7 MB, in processes that have a Redis only.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._no_answer: type[Exception] = redis.RedisError
        client = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # once, for a connection that Redis has closed meanwhile
        )
        self._take = client.register_script(TAKE)
        self._resting_until = 0.0
        self._is_lost = False

    def take(self, claims: Sequence[Claim], *, points: int, on_credit: bool = False) -> Verdict | None:
        """As `Buckets.take`; None while Redis does not answer."""
        if monotonic() < self._resting_until:
            return None
        keys = [f"webnet:rate:{claim.kind}:{claim.key}" for claim in claims]
        try:
            costs = [MINUTE_SECONDS * points / claim.per_minute for claim in claims]
            seconds, place = self._take(keys, [*costs, int(on_credit)])
        except self._no_answer as problem:
            self._resting_until = monotonic() + REDIS_PAUSE_SECONDS
            if not self._is_lost:
                self._is_lost = True
                logger.warning("Redis does not answer (%s): rates hold for each process.", type(problem).__name__)
            return None
        self._is_lost = False
        return Verdict(float(seconds), int(place))


class Rates:
    """The rates of this process, of `processes` that serve together."""

    def __init__(self) -> None:
        self.processes = 1
        self.buckets = Buckets()

    def take(self, claims: Sequence[Claim], *, points: int, on_credit: bool = False) -> None:
        """Take the points; raises RateLimited if one of the buckets does not have them."""
        shared = _shared_buckets(settings.REDIS_URL) if settings.REDIS_URL else None
        verdict = shared.take(claims, points=points, on_credit=on_credit) if shared is not None else None
        if verdict is None:
            verdict = self.buckets.take(
                claims, points=points, processes=self.processes, now=monotonic(), on_credit=on_credit
            )
        if verdict.seconds > 0:
            claim, seconds = claims[verdict.place], math.ceil(verdict.seconds)
            metrics.refused_requests.labels("points").inc()
            reported_problems.report(ReportedKind.BUDGET_EXHAUSTED)
            message = sentence("Too many requests {whose}: wait {seconds} s.", whose=claim.whose, seconds=seconds)
            raise RateLimited(message, retry_after_seconds=seconds)


rates = Rates()


def charge(request: HttpRequest, identity: RequestIdentity | None, *, points: int, on_credit: bool = False) -> None:
    """Charge the request to who makes it, and to the address; without an identity, to a stranger of the address.

    Raises RateLimited, and charges nothing then. `on_credit` what is charged may be more than what is left: then the
    next requests wait until it is paid.
    """
    address = ip_address(request)
    claims = list(_claims_of(identity, address))
    if address is not None:
        claims.append(
            Claim(
                kind="address",
                key=network_of(address),
                whose=FROM_YOUR_ADDRESS,
                per_minute=settings.WEBNET_ADDRESS_POINTS_PER_MINUTE,
            )
        )
    limited = [claim for claim in claims if claim.per_minute > 0]
    if limited:
        rates.take(limited, points=points, on_credit=on_credit)


def _claims_of(identity: RequestIdentity | None, address: str | None) -> Iterator[Claim]:
    per_minute = settings.WEBNET_USER_POINTS_PER_MINUTE
    if identity is None or identity.user is None:
        # Where the server reports no address, all strangers are one.
        key = network_of(address) if address is not None else ""
        yield Claim(kind="stranger", key=key, whose=WITHOUT_SIGNING_IN, per_minute=per_minute)
        return
    if identity.api_token is not None:
        token, of_token = str(identity.api_token.pk), settings.WEBNET_TOKEN_POINTS_PER_MINUTE
        yield Claim(kind="token", key=token, whose=WITH_THIS_TOKEN, per_minute=of_token)
    # With a token as well: anybody can make as many tokens as they like.
    yield Claim(kind="user", key=str(identity.user.pk), whose=BY_THIS_USER, per_minute=per_minute)


@cache
def _shared_buckets(url: str) -> SharedBuckets:
    return SharedBuckets(url)
