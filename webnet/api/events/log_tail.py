"""Follows the end of the audit log, once per process for all subscribers, and checks their rights."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from django.db import Error as DatabaseError
from django.utils import timezone

from webnet import metrics
from webnet.api.errors import INTERNAL_MESSAGE, LogReplaced, SubscriptionEnded
from webnet.api.events.audience import Audience
from webnet.api.events.feed import Feed, LogPlace, edge_of, read_end
from webnet.api.events.shared_answers import SharedAnswers
from webnet.api.events.subscription import Watch, examine
from webnet.api.events.threads import ThreadBatch, on_thread
from webnet.api.events.wakeups import LOOK_SECONDS, Bus
from webnet.api.paging.pages import Edge
from webnet.audit import log as audit_log
from webnet.audit.models import PluginAuditLog
from webnet.database.outages import is_outage
from webnet.errors import WebnetError
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

MAXIMUM_BATCH_SIZE = 500  # In rows; more are read in the next turn, without waiting.
RETRY_SECONDS = 0.5

Rows = Sequence[PluginAuditLog]


@dataclass(frozen=True, kw_only=True)
class Look:
    """The result of one look at the log: new rows, and the subscriptions that must end.

    `new_end` is the end of the log if it is not the one that was followed so far.
    """

    rows: Rows
    ended: dict[Watch, WebnetError]
    new_end: LogPlace | None = None


class Tailer:
    """All open subscriptions of one event loop; every live feed has got the rows up to `place`."""

    def __init__(self) -> None:
        self.place = LogPlace(position=0, hash="")
        self.batch = ThreadBatch()
        self.shared: SharedAnswers[Any] = SharedAnswers()
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._woken = asyncio.Event()
        self._looked_at = 0.0

    @property
    def position(self) -> int:
        return self.place.position

    async def join(self, watch: Watch) -> None:
        """Add a subscription, and start following the log for the first one."""
        async with self._starting:
            if self._task is None:
                self.place = await on_thread(read_end)
                self._task = asyncio.create_task(self._run())
            # Last, so that a subscription that is cancelled while the log is read is not kept.
            self._watches.add(watch)
            metrics.open_streams.set(len(self._watches))

    def leave(self, watch: Watch) -> None:
        """Remove a subscription, and stop following the log with the last one."""
        self._watches.discard(watch)
        metrics.open_streams.set(len(self._watches))
        if not self._watches and self._task is not None:
            self._task.cancel()
            self._task = None
            self.shared.forget()

    def end_all(self, reason: WebnetError) -> None:
        for watch in self._watches:
            watch.end(reason)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # The loop was closed in the meantime.
                loop.call_soon_threadsafe(self._woken.set)

        bus = Bus(self._woken.set)
        listening = asyncio.create_task(bus.run())
        audit_log.listen(wake)
        try:
            while True:
                await self._turn_safely()
                # Not `wait_for`: in Python 3.11 it swallows a cancellation that coincides with the event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(bus.patience_seconds):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            audit_log.unlisten(wake)
            listening.cancel()

    async def _turn_safely(self) -> None:
        """If the database is unavailable, events are only delayed, since the position does not change.

        Any other error ends all subscriptions, so that clients reconnect with their cursors instead of waiting for
        events that never come.
        """
        try:
            await self._turn()
        except DatabaseError:
            logger.warning("The audit log can't be read at the moment; events are delayed.", exc_info=True)
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            logger.exception("Following the audit log failed; all subscriptions are ended.")
            self.end_all(WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR"))
            await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> None:
        look = await on_thread(self._look, tuple(self._watches))
        for watch, reason in look.ended.items():
            watch.end(reason)
        if look.new_end is not None:
            self._leave_log(look.new_end)
        if look.rows:
            await self._hand_out(look.rows)
        if len(look.rows) == MAXIMUM_BATCH_SIZE:
            self._woken.set()

    def _leave_log(self, end: LogPlace) -> None:
        """Follow another log, from its end: what the subscribers of `pluginEvents` have got is not its beginning."""
        logger.warning("The audit log was replaced: the event streams that follow it are ended.")
        for watch in self._watches:
            if watch.feed is not None:
                watch.end(LogReplaced())
        self.place = end
        self.shared.forget()

    def _look(self, watches: Sequence[Watch]) -> Look:
        # The last known row is read as well, to see that the log still has it.
        rows = PluginAuditLog.objects.defer("text").filter(position__gte=self.position)
        found = list(rows.order_by("position")[: MAXIMUM_BATCH_SIZE + 1])
        if found and (found[0].position, found[0].hash) == (self.place.position, self.place.hash):
            del found[0]
        elif not self.place.is_in_log():
            return Look(rows=(), ended={}, new_end=read_end())
        found = found[:MAXIMUM_BATCH_SIZE]
        if not found and monotonic() - self._looked_at < LOOK_SECONDS:
            return Look(rows=(), ended={})
        self._looked_at = monotonic()
        # After the rows are read, so that nobody gets a row that was written after they lost the right to it.
        return Look(rows=found, ended=examine(watches))

    async def _hand_out(self, rows: Rows) -> None:
        served: set[Watch] = set()
        while waiting := [each for each in self._watches - served if each.feed is not None and each.feed.is_live]:
            feeds = {watch: (watch.feed, watch.feed.audience) for watch in waiting if watch.feed is not None}
            found = await on_thread(_read_for, {audience for _, audience in feeds.values()}, rows, self.position)
            for watch, (feed, audience) in feeds.items():
                _offer(watch, feed, found[audience])
            served.update(waiting)
        # Feeds that became live in the meantime were served as well: no await since the loop's last condition.
        self.place = LogPlace(position=rows[-1].position, hash=rows[-1].hash)
        metrics.event_lag_seconds.observe(max(0.0, (timezone.now() - rows[-1].created_at).total_seconds()))


def tailer() -> Tailer:
    """The tailer of the running event loop."""
    loop = asyncio.get_running_loop()
    return _tailers.get(loop) or _tailers.setdefault(loop, Tailer())


def end_all() -> None:
    """End all subscriptions of the process because the server stops; may be called from any thread."""
    message = sentence("The server is stopping: subscribe again with the last cursor.")
    reason = SubscriptionEnded(message, code="SERVER_STOPPING")
    for loop, each in list(_tailers.items()):
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(each.end_all, reason)


_tailers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tailer] = WeakKeyDictionary()


def _read_for(audiences: Iterable[Audience], rows: Rows, after: int) -> dict[Audience, Sequence[Edge] | WebnetError]:
    """The rows for each audience; its subscribers share the edges, so that answers can be shared as well.

    An error, for example because of a filter, concerns only the audience that it occurred for.
    """
    found: dict[Audience, Sequence[Edge] | WebnetError] = {}
    for audience in audiences:
        try:
            found[audience] = _edges_for(audience, rows, after)
        except Exception as error:
            if is_outage(error):
                raise  # Nobody has got these rows yet: they are read again in a moment.
            logger.exception("Reading the audit log failed for some subscriptions, which are ended.")
            found[audience] = WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR")
    return found


def _edges_for(audience: Audience, rows: Rows, after: int) -> Sequence[Edge]:
    if not audience.may_want(rows):
        return ()
    found, _ = audience.read(after=after, until=rows[-1].position, limit=len(rows))
    return [edge_of(row, view=audience.view) for row in found]


def _offer(watch: Watch, feed: Feed, edges: Iterable[Edge] | WebnetError) -> None:
    if isinstance(edges, WebnetError):
        return watch.end(edges)
    try:
        feed.offer(edges)
    except SubscriptionEnded as reason:
        watch.end(reason)
