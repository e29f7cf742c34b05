"""One subscription over Server-Sent Events, in the "distinct connections mode" of the GraphQL over SSE protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from graphql import ExecutionResult, Executor, GraphQLError, create_source_event_stream, execute_subscription_event
from strawberry.http import GraphQLRequestData
from strawberry.http.streaming import SSETransport
from strawberry.types import ExecutionResult as StrawberryResult

from webnet.accounts.authentication import request_id
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.error_reporting import tell_errors
from webnet.api.events.log_tail import tailer
from webnet.api.events.needed_plugins import find_plugins
from webnet.api.events.shared_answers import question_of
from webnet.api.events.subscription import Watch, examine
from webnet.api.events.threads import on_thread
from webnet.api.request.context import Context
from webnet.api.responses import answer, dump, make_body, tell
from webnet.errors import Unauthenticated, WebnetError

TRANSPORT = SSETransport()
HEARTBEAT_SECONDS = 15.0
# How long a client that reads nothing more is left with the news that its subscription has ended.
PARTING_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class OpenedStream:
    """A subscription whose document is good; `source` is what its root field returned, awaitable or not."""

    request: HttpRequest
    executor: Executor[Any]
    source: Any
    watch: Watch
    fingerprint: str
    # What is asked of each event; equal for subscriptions that get the same answers.
    question: Hashable

    async def respond(self) -> HttpResponse | StreamingHttpResponse:
        """The stream; or why there is none."""
        source = await self.source if self.executor.is_awaitable(self.source) else self.source
        if isinstance(source, ExecutionResult):
            errors = await self._tell(source.errors or [])
            return refuse_stream(self.request, errors, fingerprint=self.fingerprint)
        headers = {"Webnet-Schema": self.fingerprint, "X-Request-Id": request_id(self.request)}
        return StreamingHttpResponse(self._send(source), headers={**TRANSPORT.headers, **headers})

    async def _send(self, source: AsyncGenerator[Any, None]) -> AsyncIterator[bytes]:
        parting = _part_with(self.watch.ended)
        try:
            # Only here, since a client may go away before its stream begins, and nobody would leave for it.
            await tailer().join(self.watch)
            yield TRANSPORT.encode_comment("open").encode()
            async for frame in self._frames(source):
                yield frame
            yield TRANSPORT.encode_complete().encode()
        finally:
            tailer().leave(self.watch)
            self.watch.ended.remove_done_callback(parting)

    async def _frames(self, source: AsyncGenerator[Any, None]) -> AsyncIterator[bytes]:
        """An event each time that the source has one, and a comment when it has none for long."""
        ended = self.watch.ended
        coming = asyncio.create_task(_next(source))
        try:
            while True:
                await asyncio.wait({coming, ended}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done() and not coming.done():
                    yield TRANSPORT.encode_comment("still open").encode()
                    continue
                told = await self._read(coming)
                if told is None:
                    return
                yield told.frame
                if told.is_last:
                    return
                coming = asyncio.create_task(_next(source))
        finally:
            coming.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await coming
            await source.aclose()

    async def _read(self, coming: asyncio.Task[Any]) -> Told | None:
        """The next answer; None means that the source is at its end."""
        if self.watch.ended.done():
            return _told({"errors": [tell(self.request, self.watch.ended.result())]})
        try:
            payload = coming.result()
            return None if payload is END else await self._answer(payload)
        except WebnetError as reason:
            return _told({"errors": [tell(self.request, reason)]})
        except Exception as problem:  # noqa: BLE001 - the source may be a plugin's; `tell_errors` logs what it was
            error = GraphQLError(str(problem), original_error=problem, path=[])
            return _told({"errors": [each.formatted for each in await self._tell([error])]})

    async def _answer(self, payload: Any) -> Told:
        """What is told of one event; of a row that many get at once, what was told to others who asked the same."""
        feed = self.watch.feed
        if feed is None or not feed.is_live or self.watch.plugins:
            return _told(await self._execute(payload))
        shared = await tailer().shared.get(payload.node, self.question, partial(self._answer_for_all, payload))
        return shared or _told(await self._execute(payload))

    async def _answer_for_all(self, payload: Any) -> Told | None:
        """None where errors are in it, which belong to one request."""
        body = await self._execute(payload)
        return None if "errors" in body else _told(body)

    async def _execute(self, payload: Any) -> dict[str, Any]:
        """What the document says of one event, read on a thread; what is asynchronous in it, here."""
        # A plugin's resolver may take its time, so it has a turn of its own.
        if self.watch.plugins:
            result = await on_thread(self._start, payload)
        else:
            result = await tailer().batch.run(self._start, payload)
        if self.executor.is_awaitable(result):
            result = await cast("Awaitable[ExecutionResult]", result)
        done = cast("ExecutionResult", result)
        errors = await self._tell(done.errors) if done.errors else []
        return {"data": done.data, **make_body(ExecutionResult(None, errors))}

    def _start(self, payload: Any) -> Any:
        if self.watch.plugins:
            # The tailer hears of a change a moment later; a plugin's own event must not come in between.
            ended = examine([self.watch])
            if ended:
                raise ended[self.watch]
        event = self.executor.build_per_event_executor(payload)
        event.context_value = self.watch.event_context()
        return execute_subscription_event(event)

    async def _tell(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        # On a thread, since for whom a plugin has failed may have to be looked up.
        return await on_thread(tell_errors, errors, self.watch.event_context())


def open_stream(
    request: HttpRequest, wanted: GraphQLRequestData, context: Context, schema: Schema
) -> OpenedStream | HttpResponse:
    """Prepare a subscription, on a thread; or answer why it can't be."""
    executor = schema.prepare_subscription(wanted, context)
    if isinstance(executor, list):
        return refuse_stream(request, tell_errors(executor, context), fingerprint=schema.fingerprint)
    if not context.is_signed_in:
        raise Unauthenticated
    context.watch = watch = Watch(context=context, plugins=find_plugins(executor))
    return OpenedStream(
        request=request,
        executor=executor,
        source=create_source_event_stream(executor),
        watch=watch,
        fingerprint=schema.fingerprint,
        question=question_of(wanted, executor, schema=schema, watch=watch),
    )


def refuse_stream(request: HttpRequest, errors: list[GraphQLError], *, fingerprint: str) -> HttpResponse:
    """Why there is no stream, as JSON. Nothing has run, so no error has a path, and the status is none of success."""
    told = [GraphQLError(error.message, extensions=error.extensions) for error in errors]
    return answer(request, StrawberryResult(None, told), fingerprint=fingerprint)


class Told(NamedTuple):
    """One event as it is sent; after the last one the stream is complete."""

    frame: bytes
    is_last: bool


END = object()


async def _next(source: AsyncGenerator[Any, None]) -> Any:
    try:
        return await anext(source)
    except StopAsyncIteration:
        return END


def _part_with(ended: asyncio.Future[WebnetError]) -> Callable[[object], object]:
    """Once it has ended, a client that reads nothing of that is cut off after a while."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def part(_: object) -> None:
        if task is not None:
            loop.call_later(PARTING_SECONDS, task.cancel)

    ended.add_done_callback(part)
    return part


def _told(body: dict[str, Any]) -> Told:
    """An answer without data is the last one."""
    frame = TRANSPORT.encode_next(cast("Any", body), lambda content: dump(content).decode())
    return Told(frame.encode(), "data" not in body)
