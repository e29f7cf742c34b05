"""Follows the end of the audit log, once in a process for all its subscribers, and looks after their rights."""

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

from webnet.api.errors import INTERNAL_MESSAGE, SubscriptionEnded
from webnet.api.events.audience import Audience
from webnet.api.events.feed import Feed, edge_of, read_end
from webnet.api.events.shared_answers import SharedAnswers
from webnet.api.events.subscription import Watch, examine
from webnet.api.events.threads import Batch, on_thread
from webnet.api.events.wakeups import LOOK_SECONDS, Bus
from webnet.api.paging.page_request import Edge
from webnet.audit import notify
from webnet.audit.models import PluginAuditLog
from webnet.errors import WebnetError

logger = logging.getLogger(__name__)

LARGEST_BATCH = 500
RETRY_SECONDS = 0.5

Rows = Sequence[PluginAuditLog]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look at the log found: new rows, and the subscriptions that must end."""

    rows: Rows
    ended: dict[Watch, WebnetError]


class Tailer:
    """All open subscriptions of one event loop; rows up to `position` were given to every live feed."""

    def __init__(self) -> None:
        self.position = 0
        self.batch = Batch()
        self.shared: SharedAnswers[Any] = SharedAnswers()
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._woken = asyncio.Event()
        self._looked_at = 0.0

    async def join(self, watch: Watch) -> None:
        """Look after a subscription from now on."""
        async with self._starting:
            if self._task is None:
                self.position = await on_thread(read_end)
                self._task = asyncio.create_task(self._run())
            # Last, so that one who goes away while the log is read is not kept.
            self._watches.add(watch)

    def leave(self, watch: Watch) -> None:
        """Forget it; with the last one the work ends."""
        self._watches.discard(watch)
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
            with suppress(RuntimeError):  # the loop has ended in the meantime
                loop.call_soon_threadsafe(self._woken.set)

        bus = Bus(self._woken.set)
        listening = asyncio.create_task(bus.run())
        notify.listen(wake)
        try:
            while True:
                await self._turn_safely()
                # Not `wait_for`: Python 3.11's takes no notice of being cancelled in the moment of a wake.
                with suppress(TimeoutError):
                    async with asyncio.timeout(bus.patience_seconds):
                        await self._woken.wait()
                self._woken.clear()
        finally:
            notify.unlisten(wake)
            listening.cancel()

    async def _turn_safely(self) -> None:
        """A database that does not answer makes events late; nothing is lost, since the position stays.

        Any other fault ends all subscriptions, whose clients go on with their cursors: silence would look like peace.
        """
        try:
            await self._turn()
        except DatabaseError:
            logger.warning("The audit log can't be read at the moment; events come later.", exc_info=True)
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            logger.exception("The audit log can't be followed; all subscriptions end.")
            self.end_all(WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR"))
            await asyncio.sleep(RETRY_SECONDS)

    async def _turn(self) -> None:
        look = await on_thread(self._look, tuple(self._watches))
        for watch, reason in look.ended.items():
            watch.end(reason)
        if look.rows:
            await self._hand_out(look.rows)
        if len(look.rows) == LARGEST_BATCH:
            self._woken.set()

    def _look(self, watches: Sequence[Watch]) -> Look:
        rows = PluginAuditLog.objects.defer("text").filter(position__gt=self.position)
        found = list(rows.order_by("position")[:LARGEST_BATCH])
        if not found and monotonic() - self._looked_at < LOOK_SECONDS:
            return Look(rows=(), ended={})
        self._looked_at = monotonic()
        # After the rows are read: whoever lost a right before one of them was written does not get it.
        return Look(rows=found, ended=examine(watches))

    async def _hand_out(self, rows: Rows) -> None:
        served: set[Watch] = set()
        while waiting := [each for each in self._watches - served if each.feed is not None and each.feed.is_live]:
            feeds = {watch: (watch.feed, watch.feed.audience) for watch in waiting if watch.feed is not None}
            found = await on_thread(_read_for, {audience for _, audience in feeds.values()}, rows, self.position)
            for watch, (feed, audience) in feeds.items():
                _offer(watch, feed, found[audience])
            served.update(waiting)
        # Whoever became live meanwhile was served as well: nothing was awaited since the last look for them.
        self.position = rows[-1].position


def tailer() -> Tailer:
    """That of the running event loop."""
    loop = asyncio.get_running_loop()
    return _tailers.get(loop) or _tailers.setdefault(loop, Tailer())


def end_all() -> None:
    """End every subscription of the process, since the server stops; may be called on any thread."""
    reason = SubscriptionEnded("The server stops: subscribe again with your last cursor.", code="SERVER_STOPPING")
    for loop, each in list(_tailers.items()):
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(each.end_all, reason)


_tailers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tailer] = WeakKeyDictionary()


def _read_for(audiences: Iterable[Audience], rows: Rows, after: int) -> dict[Audience, Sequence[Edge] | WebnetError]:
    """What each gets of these rows: one edge for all of an audience, so that its answer can be shared.

    A filter that can't be asked for is the fault of its own audience, and ends no other.
    """
    found: dict[Audience, Sequence[Edge] | WebnetError] = {}
    for audience in audiences:
        try:
            found[audience] = _edges_for(audience, rows, after)
        except Exception:
            logger.exception("The audit log can't be read as some ask for it; their subscriptions end.")
            found[audience] = WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR")
    return found


def _edges_for(audience: Audience, rows: Rows, after: int) -> Sequence[Edge]:
    if not audience.may_want(rows):
        return ()
    return [edge_of(row) for row in audience.read(after=after, until=rows[-1].position, limit=len(rows))[0]]


def _offer(watch: Watch, feed: Feed, edges: Iterable[Edge] | WebnetError) -> None:
    if isinstance(edges, WebnetError):
        return watch.end(edges)
    try:
        feed.offer(edges)
    except SubscriptionEnded as reason:
        watch.end(reason)
