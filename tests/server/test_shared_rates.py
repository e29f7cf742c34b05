"""Rates in Redis: one bucket for all processes, and each process its own while Redis is gone."""

from __future__ import annotations

import logging
from time import monotonic

import pytest

from tests.redis_servers import Redis, redis
from webnet.api.request import rates
from webnet.api.request.rates import Claim, Rates, SharedBuckets
from webnet.errors import RateLimited

__all__ = ["redis"]


def claim(key: str = "7", *, kind: str = "user", per_minute: int = 600) -> Claim:
    return Claim(kind=kind, key=key, whose="by this user", per_minute=per_minute)


def test_all_processes_take_from_the_same_buckets(redis: Redis) -> None:
    one, other = SharedBuckets(redis.url), SharedBuckets(redis.url)

    assert one.take([claim()], points=400) == (0, 0)
    assert other.take([claim()], points=199) == (0, 0)

    refused = one.take([claim("8"), claim()], points=400)
    assert refused is not None
    assert refused.place == 1
    # 400 points come back in 40 seconds, less what has passed.
    assert 30 < refused.seconds < 40
    # Nothing was taken for the refused request.
    assert one.take([claim("8")], points=600) == (0, 0)


def test_more_than_a_minute_needs_a_full_bucket(redis: Redis) -> None:
    buckets = SharedBuckets(redis.url)

    assert buckets.take([claim()], points=1_200) == (0, 0)

    refused = buckets.take([claim()], points=10)
    assert refused is not None
    assert 50 < refused.seconds < 61


def test_while_redis_is_gone_each_process_has_its_own_buckets_and_one_warning(
    redis: Redis, settings: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = monotonic()
    monkeypatch.setattr(rates, "monotonic", lambda: now)
    settings.REDIS_URL = redis.url
    here = Rates()
    here.processes = 2
    here.take([claim()], points=600)
    redis.kill()

    with caplog.at_level(logging.WARNING):
        here.take([claim()], points=300)  # half of the points for one of two processes
        with pytest.raises(RateLimited):
            here.take([claim()], points=300)
        now += rates.REDIS_PAUSE_SECONDS + 1
        here.take([claim("8")], points=300)

    assert [record.getMessage() for record in caplog.records] == [
        "Redis does not answer (ConnectionError): rates hold for each process."
    ]
    redis.start()
    now += rates.REDIS_PAUSE_SECONDS + 1
    here.take([claim("8")], points=600)
