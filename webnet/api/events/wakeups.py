"""Waits for notifications of commits from Redis or PostgreSQL; without either, the log is polled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from django.conf import settings
from django.db import connection

from webnet.audit.log import CHANNEL

logger = logging.getLogger(__name__)

# How often the log is read if nothing notifies of changes in other processes.
POLL_SECONDS = 0.5
# How often it is read otherwise, in case a notification was lost.
LOOK_SECONDS = 2.0
RETRY_SECONDS = 1.0


class BusLost(Exception):
    """The connection to the event bus was lost, or could not be made; the name of the library's error is its text."""


class Bus:
    """Calls `wake` for each notification; `patience_seconds` is how long to wait for one."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._is_up = False

    @property
    def patience_seconds(self) -> float:
        return LOOK_SECONDS if self._is_up else POLL_SECONDS

    async def run(self) -> None:
        """Listen until cancelled; returns if there is nothing to listen to."""
        listen = _choose()
        while listen is not None:
            try:
                async for _ in listen():
                    self._is_up = True
                    self._wake()
            except BusLost as problem:
                if self._is_up:
                    logger.warning("Lost the connection to the event bus, polling for events: %s.", problem)
            self._is_up = False
            await asyncio.sleep(RETRY_SECONDS)


def _choose() -> Callable[[], AsyncIterator[object]] | None:
    if settings.REDIS_URL:
        return _listen_to_redis
    return _listen_to_postgresql if connection.vendor == "postgresql" else None


async def _listen_to_redis() -> AsyncIterator[object]:
    """Yield once after subscribing, since earlier notifications may have been missed, and then for each one."""
    import redis.asyncio  # takes 7 MB, in processes that have a Redis only

    client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=LOOK_SECONDS)
    try:
        async with client, client.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            async for message in channel.listen():
                yield message
    except (OSError, redis.RedisError) as problem:
        raise BusLost(type(problem).__name__) from problem


async def _listen_to_postgresql() -> AsyncIterator[object]:
    """The same for PostgreSQL, on a separate connection; not through a pooler, which would lose notifications."""
    import psycopg  # takes 9 MB, in processes that have PostgreSQL only

    parameters: dict[str, Any] = {**connection.get_connection_params()}
    for ours in ("cursor_factory", "context", "pool"):
        parameters.pop(ours, None)
    try:
        async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as direct:
            await direct.execute(f"LISTEN {CHANNEL}")
            yield "listening"
            async for notification in direct.notifies():
                yield notification
    except (OSError, psycopg.Error) as problem:
        raise BusLost(type(problem).__name__) from problem
