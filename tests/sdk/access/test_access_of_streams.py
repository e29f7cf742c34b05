"""Who may listen to which subscription: each by each kind of person, in own and other views, with own and other ids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from device_inventory.models import Device
from django.db import connections
from django.test import AsyncClient

from tests.databases import one_database_is_enough
from tests.sdk.access.documents import Asked, fields_of, read_outcomes, show, write_document
from tests.sdk.access.table import PEOPLE, STREAMS, theirs
from webnet.api.events import log_tail, threads
from webnet.api.events.sse import StreamCut
from webnet.api.responses import STREAM_TYPE

pytestmark = [
    one_database_is_enough,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("webnet.urls_streams"),
    pytest.mark.slow,
]


@pytest.fixture(autouse=True)
def _own_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One for this test, whose connection does not outlive it."""
    with ThreadPoolExecutor(1) as executor:
        monkeypatch.setattr(threads, "_threads", executor)
        yield
        executor.submit(connections.close_all).result()


def test_each_subscription_first_answers_each_person_as_expected(world):
    Device.objects.update(host="127.0.0.1")  # which is not allowed, so nothing is sent to any network

    wrong = []
    for field in cells():
        for who in PEOPLE:
            hidden = {}
            for target in field.access.targets:
                document = write_document([field], target, world)
                view = field.access.view_of(target)
                response, content, got = async_to_sync(listen)(world.clients[who].at(view), document, field)
                if got != (expected := field.access.expect(who, target)):
                    wrong.append(f"{field.name} of {target} for {who}: {got}, not {expected}")
                if target not in theirs(who, field.access.view):
                    hidden[target] = show(response, document, view, content)
            if len(set(hidden.values())) > 1:
                wrong.append(f"{field.name} for {who}: {hidden}")

    assert wrong == []


def cells() -> Iterator[Asked]:
    """Each subscription as often as the table has it."""
    for number in range(max(map(len, STREAMS.values()))):
        yield from fields_of({name: each[number] for name, each in STREAMS.items() if number < len(each)})


async def listen(client: Any, document: dict[str, Any], field: Asked) -> tuple[Any, bytes, str]:
    """The response, all that was sent until the first answer, and what that is: "empty" where there is none."""
    headers = client._headers | {"Accept": STREAM_TYPE}
    response = await AsyncClient().post(client.url, document, content_type="application/json", headers=headers)
    if not response.streaming:
        ((_, got),) = read_outcomes(json.loads(response.content), [field])
        return response, response.content, got
    frames = aiter(response.streaming_content)
    opening = await anext(frames)
    first = asyncio.ensure_future(anext(frames))
    while not first.done() and not is_waiting():
        await asyncio.sleep(0)
    log_tail.end_all()
    content = opening + (await first)
    with suppress(StreamCut):
        async for _ in frames:
            pass
    return response, content, read_event(first.result(), field)


def is_waiting() -> bool:
    """Whether the only stream has read the log to its end, and waits for what is written next."""
    return all(watch.feed is not None and watch.feed.is_live for watch in log_tail.tailer()._watches)


def read_event(frame: bytes, field: Asked) -> str:
    """What the event says; "empty" for the comment of a stream that is cut, and for `complete`."""
    event, data, *_ = frame.decode().splitlines()
    if event != "event: next":
        return "empty"
    ((_, got),) = read_outcomes(json.loads(data.removeprefix("data:")), [field])
    return got
