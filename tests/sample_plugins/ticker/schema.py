"""Subscriptions that tick: without end, a few times, and into a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from webnet.api.request.context import Info


@strawberry.type
class Tick:
    number: int

    @strawberry.field
    def customer(self, info: Info) -> str | None:
        """Read from the database, as a resolver of a query would."""
        view = info.context.view_customer
        found = info.context.reading.find_customer(view.slug) if view is not None else None
        return found.slug if found is not None else None


@strawberry.type
class TickerSubscriptions:
    @strawberry.subscription
    async def ticks(self, times: int | None = None, seconds: float = 0.05) -> AsyncGenerator[Tick, None]:
        number = 0
        while times is None or number < times:
            yield Tick(number=number)
            number += 1
            await asyncio.sleep(seconds)

    @strawberry.subscription
    async def silence(self) -> AsyncGenerator[Tick, None]:
        """Never says anything."""
        await asyncio.Event().wait()
        yield Tick(number=0)

    @strawberry.subscription
    async def faulty_ticks(self) -> AsyncGenerator[Tick, None]:
        yield Tick(number=0)
        raise RuntimeError("the spring has broken")

    @strawberry.subscription
    async def exiting_ticks(self) -> AsyncGenerator[Tick, None]:
        yield Tick(number=0)
        raise SystemExit(1)
