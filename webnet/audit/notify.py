"""Wakes those who follow the audit log once a change is committed; it only makes them faster.

Whoever misses a notification finds the rows at the next poll: the log itself is what is followed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from threading import Lock
from time import monotonic

import redis
from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

# The name of the PostgreSQL notification, and of the Redis channel.
CHANNEL = "webnet_events"
# A change waits for it after its commit, so not long.
REDIS_TIMEOUT_SECONDS = 1.0
# How long a Redis that did not answer is left alone, so that it slows down one change and not every one.
REDIS_PAUSE_SECONDS = 5.0

Listener = Callable[[], object]
_listeners: list[Listener] = []
_lock = Lock()


def listen(listener: Listener) -> None:
    """Call `listener`, on the thread of the change, after each change of this process."""
    with _lock:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    with _lock:
        _listeners.remove(listener)


def publish() -> None:
    """Notify all processes that rows were appended to the audit log; to be called after the commit."""
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener()
    if settings.REDIS_URL:
        _redis_bus(settings.REDIS_URL).publish()
    elif connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class RedisBus:
    """Publishes to Redis, and leaves it alone for a while when it does not answer."""

    def __init__(self, url: str) -> None:
        timeouts = {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS}
        self._client = redis.Redis.from_url(url, **timeouts)
        self._resting_until = 0.0

    def publish(self) -> None:
        if monotonic() < self._resting_until:
            return
        try:
            self._client.publish(CHANNEL, "")
        except redis.RedisError as problem:
            self._resting_until = monotonic() + REDIS_PAUSE_SECONDS
            logger.warning("Redis does not answer (%s): events come later, and none is lost.", type(problem).__name__)


@cache
def _redis_bus(url: str) -> RedisBus:
    return RedisBus(url)
