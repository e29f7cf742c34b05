"""Sends one subscription as server-sent events ("distinct connections mode" of the GraphQL over SSE protocol).

A stream that its client should open again ends without `complete`, and without the last message of its response: the
server then closes the connection in the middle of the chunked body, which is a network error for clients. Their retries
need that: where the body just ends, urql takes it for the end of the subscription, and graphql-sse comes again only
if it is waiting for an event at that moment. Both hand on an error that is sent as an answer, and people would see it
at each restart, so the reason is a comment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from graphql import ExecutionResult, Executor, GraphQLError, create_source_event_stream, execute_subscription_event
from strawberry.http import GraphQLRequestData
from strawberry.types import ExecutionResult as StrawberryResult

from webnet.api.engine.strawberry_schema import Schema
from webnet.api.error_reporting import report_errors
from webnet.api.errors import find_outage_behind
from webnet.api.events.log_tail import tailer
from webnet.api.events.needed_plugins import find_plugins
from webnet.api.events.shared_answers import question_of
from webnet.api.events.subscription import Watch, examine
from webnet.api.events.threads import on_thread
from webnet.api.request.context import Context
from webnet.api.responses import STREAM_TYPE, encode_json, error_entry, make_body, make_response
from webnet.api.sse_frames import COMPLETE, encode_comment, encode_next
from webnet.database.outages import find_outage
from webnet.errors import DeadlineExceeded, Unauthenticated, WebnetError
from webnet.plugins.changes import pauses
from webnet.plugins.runtime import open_requests
from webnet.values.lazy_texts import plain

T = TypeVar("T")

HEADERS = {
    "Content-Type": STREAM_TYPE,
    # Nothing on the way may keep, compress or collect what is sent.
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx
}
# Proxies close connections that are idle for 30 to 60 seconds.
HEARTBEAT_SECONDS = 15.0
# How long a client has to read the end of its subscription before the connection is closed.
CLOSING_SECONDS = 30.0
# Why a client should come again, with its last cursor: nothing is wrong with what it asked for.
COME_AGAIN = frozenset(
    {
        "SERVER_STOPPING",
        "SLOW_CONSUMER",
        "DATABASE_UNAVAILABLE",
        "DATABASE_BUSY",
        "DEADLINE_EXCEEDED",
        "INTERNAL_ERROR",
    }
)


class StreamCut(Exception):
    """Ends a response without its last message, so that the server closes the connection."""


@dataclass(frozen=True, kw_only=True)
class OpenedStream:
    """A subscription with a valid document; `source` is what its root field returned, possibly an awaitable."""

    request: HttpRequest
    executor: Executor[Any]
    source: Any
    watch: Watch
    fingerprint: str
    # Equal for subscriptions that get the same answers.
    question: Hashable
    # Of the request, for each event; the threads have none.
    language: str | None

    async def respond(self) -> HttpResponse | StreamingHttpResponse:
        """The streaming response, or the errors that prevent it."""
        source = await _in_time(self.source) if self.executor.is_awaitable(self.source) else self.source
        if isinstance(source, ExecutionResult):
            errors = await self._report(source.errors or [])
            return refuse_stream(self.request, errors, fingerprint=self.fingerprint)
        headers = {**HEADERS, "Webnet-Schema": self.fingerprint}
        return StreamingHttpResponse(self._send(source), headers=headers)

    async def _send(self, source: AsyncGenerator[Any, None]) -> AsyncIterator[bytes]:
        close_later = _close_after(self.watch.ended)
        try:
            # Not earlier: if the client disconnects before its stream starts, `leave` would never be called.
            await tailer().join(self.watch)
            yield encode_comment("open")
            async for frame in self._frames(source):
                yield frame
            yield COMPLETE
        except DatabaseError as error:
            outage = find_outage(error)
            if outage is None:
                raise
            yield encode_comment(outage.code)
            raise StreamCut from error
        finally:
            tailer().leave(self.watch)
            self.watch.ended.remove_done_callback(close_later)

    async def _frames(self, source: AsyncGenerator[Any, None]) -> AsyncIterator[bytes]:
        """An event whenever the source has one, and a comment if it has had none for a while. Raises StreamCut."""
        ended = self.watch.ended
        coming = asyncio.create_task(_next(source))
        try:
            while True:
                await asyncio.wait({coming, ended}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if not ended.done() and not coming.done():
                    yield encode_comment("still open")
                    continue
                event = await self._read(coming)
                if event is None:
                    return
                yield event.frame
                if event.ending is Ending.CUT:
                    raise StreamCut
                if event.ending is Ending.COMPLETE:
                    return
                coming = asyncio.create_task(_next(source))
        finally:
            coming.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await coming
            await source.aclose()

    async def _read(self, coming: asyncio.Task[Any]) -> SentEvent | None:
        """The next event to send; None at the end of the source."""
        if self.watch.ended.done():
            return _encode_end([error_entry(self.request, self.watch.ended.result())])
        try:
            payload = coming.result()
            return None if payload is END else await self._answer(payload)
        except WebnetError as reason:
            return _encode_end([error_entry(self.request, reason)])
        except Exception as problem:  # noqa: BLE001 - the source may be a plugin's; `report_errors` logs it
            error = GraphQLError(str(problem), original_error=problem, path=[])
            return _encode_end([plain(each.formatted) for each in await self._report([error])])

    async def _answer(self, payload: Any) -> SentEvent:
        """The answer to one event; subscriptions with the same question share the answer to a row."""
        feed = self.watch.feed
        if feed is None or not feed.is_live or self.watch.plugins:
            return _encode_event(await self._execute(payload))
        shared = await tailer().shared.get(payload.node, self.question, partial(self._answer_for_all, payload))
        return shared or _encode_event(await self._execute(payload))

    async def _answer_for_all(self, payload: Any) -> SentEvent | None:
        """An answer that can be shared; None if it has errors, which contain the id of one request."""
        body = await self._execute(payload)
        return None if "errors" in body else _encode_event(body)

    async def _execute(self, payload: Any) -> dict[str, Any]:
        """Execute the document for one event: on a thread, except for asynchronous resolvers.

        Raises DatabaseOutage, since the client would lose the event: by its cursor, it can get it again.
        """
        # A plugin's resolver may be slow, so it is not batched with others.
        if self.watch.plugins:
            result = await on_thread(self._start, payload)
        else:
            result = await tailer().batch.run(self._start, payload)
        if self.executor.is_awaitable(result):
            result = await _in_time(cast("Awaitable[ExecutionResult]", result))
        done = cast("ExecutionResult", result)
        errors = await self._report(done.errors) if done.errors else []
        for outage in filter(None, map(find_outage_behind, done.errors or ())):
            raise outage
        return {"data": done.data, **make_body(ExecutionResult(None, errors))}

    def _start(self, payload: Any) -> Any:
        if self.watch.plugins:
            # The tailer notices a change of rights a moment later, and a plugin's event must not be sent until then.
            ended = examine([self.watch])
            if ended:
                raise ended[self.watch]
        event = self.executor.build_per_event_executor(payload)
        event.context_value = self.watch.event_context()
        deadline = open_requests.make_deadline(writes=False)
        with open_requests.working(self.request.path, deadline), translation.override(self.language):
            open_requests.name_actor(self.watch.context.actor)
            return execute_subscription_event(event)

    async def _report(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        # On a thread, since it may query the customers that a plugin's failure affects.
        return await on_thread(self._report_now, errors)

    def _report_now(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        reported = report_errors(errors, self.watch.event_context())
        pauses.pause_at_once()
        return reported


def open_stream(
    request: HttpRequest, wanted: GraphQLRequestData, context: Context, schema: Schema
) -> OpenedStream | HttpResponse:
    """Prepare a subscription, on a thread; returns a response if there are errors."""
    executor = schema.prepare_subscription(wanted, context)
    if isinstance(executor, list):
        return refuse_stream(request, report_errors(executor, context), fingerprint=schema.fingerprint)
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
        language=translation.get_language(),
    )


def refuse_stream(request: HttpRequest, errors: list[GraphQLError], *, fingerprint: str) -> HttpResponse:
    """The errors of a subscription that can't start, as JSON; without paths, so that the status is not 200."""
    without_paths = [
        GraphQLError(error.message, original_error=error.original_error, extensions=error.extensions)
        for error in errors
    ]
    return make_response(request, StrawberryResult(None, without_paths), fingerprint=fingerprint)


class Ending(Enum):
    """How a stream ends."""

    COMPLETE = 1
    CUT = 2


class SentEvent(NamedTuple):
    """One encoded event, and how the stream ends if it is the last one."""

    frame: bytes
    ending: Ending | None = None


END = object()


async def _in_time(work: Awaitable[T]) -> T:
    """What asynchronous code of a plugin returns; raises DeadlineExceeded if it takes longer than a request may."""
    seconds = settings.WEBNET_REQUEST_SECONDS
    try:
        async with asyncio.timeout(None if settings.DEBUG else seconds) as limit:  # A breakpoint may take its time.
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineExceeded(seconds) from None


async def _next(source: AsyncGenerator[Any, None]) -> Any:
    try:
        return await anext(source)
    except StopAsyncIteration:
        return END


def _close_after(ended: asyncio.Future[WebnetError]) -> Callable[[object], object]:
    """Cancel the current task some time after the subscription has ended, in case the client does not read."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def close(_: object) -> None:
        if task is not None:
            loop.call_later(CLOSING_SECONDS, task.cancel)

    ended.add_done_callback(close)
    return close


def _encode_event(body: dict[str, Any]) -> SentEvent:
    return SentEvent(encode_next(encode_json(body)))


def _encode_end(errors: list[dict[str, Any]]) -> SentEvent:
    """The last of a stream that ends for these reasons."""
    codes = {error.get("extensions", {}).get("code") for error in errors}
    if code := next(iter(codes & COME_AGAIN), None):
        return SentEvent(encode_comment(code), Ending.CUT)
    return SentEvent(encode_next(encode_json({"errors": errors})), Ending.COMPLETE)
