"""The example of each operation, which the pages about the schema show, is answered as it says."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connections, transaction
from django.test import AsyncClient
from graphql import OperationDefinitionNode, build_schema, parse
from pytest_django import Settings

from tests.docs.comparing import require_json, require_text
from tests.docs.documents import ROOT, Block, find_operations
from tests.docs.graphql_blocks import ask, log_in, make_body, read_who
from tests.docs.operation_world import OperationWorld, forget_states, make_world
from tests.docs.story import read_steps
from webnet.api.events import log_tail, threads
from webnet.api.events.sse import StreamCut
from webnet.api.responses import STREAM_TYPE
from webnet.django_internals import allow_durable_blocks

STEPS = [step for document in find_operations() for step in read_steps(document.blocks())]
# A subscription's answer is a text, which is a step of its own.
STREAMS = [(block, answer) for (block, _), (answer, _) in pairwise(STEPS) if answer.language == "text"]
ASKED = [step for step in STEPS if step[0] not in {block for pair in STREAMS for block in pair}]
PLUGIN = next(step for step in ASKED if step[0].section == "plugin")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> OperationWorld:
    return make_world(monkeypatch, settings)


@pytest.fixture
def _own_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One for streams, whose connection does not outlive the test."""
    with ThreadPoolExecutor(1) as executor:
        monkeypatch.setattr(threads, "_threads", executor)
        yield
        executor.submit(connections.close_all).result()


def run(world: OperationWorld, block: Block, answer: Block | None) -> None:
    """Send an operation to the world as it was made, compare the answer, and undo what was done."""
    assert answer is not None, f"{block.place}: a block of json with the answer must follow."
    forget_states()
    with allow_durable_blocks(transaction.atomic()):
        got = ask(block, fill=world.fill)
        transaction.set_rollback(True)
    require_json(json.loads(world.fill(answer.text)), got)


async def listen(client: AsyncClient, path: str, body: dict[str, Any]) -> str:
    """What is sent until the first event has come."""
    response = await client.post(path, body, content_type="application/json", headers={"Accept": STREAM_TYPE})
    assert response.streaming, response.content
    frames = aiter(response.streaming_content)
    sent = [await anext(frames), await asyncio.wait_for(anext(frames), timeout=60)]
    log_tail.end_all()
    with suppress(StreamCut):
        async for _ in frames:
            pass
    return b"".join(sent).decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_query_and_mutation_is_answered_as_shown(world: OperationWorld, subtests: pytest.Subtests) -> None:
    for block, answer in ASKED:
        with subtests.test(f"{block.section}, {block.place}"):
            run(world, block, answer)


@pytest.mark.slow
@pytest.mark.urls("webnet.urls_streams")
@pytest.mark.usefixtures("_own_thread")
@pytest.mark.django_db(transaction=True)
def test_each_subscription_sends_what_is_shown(world: OperationWorld) -> None:
    for block, answer in STREAMS:
        user, path = read_who(block.text)
        client = log_in(AsyncClient(), user)

        sent = async_to_sync(listen)(client, path, make_body(block, fill=world.fill))

        require_text(answer.text, sent)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_answered_otherwise_is_found(world: OperationWorld) -> None:
    block, answer = PLUGIN
    assert answer is not None

    run(world, block, answer)

    for wrong in ('"OFFERED"', '"1.0.0"'):
        with pytest.raises(AssertionError, match="This came:"):
            run(world, block, replace(answer, text=answer.text.replace(wrong, '"wrong"')))
    with pytest.raises(AssertionError, match="a block of json with the answer must follow"):
        run(world, block, None)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_placeholder_stands_for_something_and_is_used(world: OperationWorld) -> None:
    texts = "".join(document.text for document in find_operations())

    assert set(re.findall(r"<[^>]*>", "".join(re.findall(r'"<[^"]*>"', texts)))) == set(world.placeholders)


def test_each_operation_has_an_example_under_its_name() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)

    headings = Counter(
        line.removeprefix("## ")
        for document in find_operations()
        for line in document.text.splitlines()
        if line.startswith("## ")
    )

    assert headings == {name: 1 for root in roots if root is not None for name in root.fields}
    assert {block.section: find_field(block) for block, _ in (*ASKED, *STREAMS)} == {name: name for name in headings}


def find_field(block: Block) -> str:
    """The root field of the operation, which is named after it."""
    (operation,) = parse(block.text).definitions
    assert isinstance(operation, OperationDefinitionNode) and operation.name is not None, block.place
    (selected,) = operation.selection_set.to_dict()["selections"]
    field = selected["name"]["value"]
    assert operation.name.value == field[0].upper() + field[1:], block.place
    return str(field)
