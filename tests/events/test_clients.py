"""Clients that others wrote: `gql` with `httpx-sse` (Python), `graphql-sse` (JavaScript, as GraphiQL uses it), urql."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gql import Client, GraphQLRequest
from gql.transport import AsyncTransport
from graphql import ExecutionResult
from httpx_sse import aconnect_sse

from tests.databases import one_database_is_enough
from tests.events.streams import StreamClient
from tests.node import install_clients, start_client
from tests.servers import find_free_port

# How long a client follows before it gives up: comments come while there are no events, so none would by itself.
pytestmark = one_database_is_enough

LIMIT_SECONDS = 60
# Each waits for longer than the one before, and all together for longer than a restart takes.
RETRIES = 5
FOLLOW = """subscription($after: String) { pluginEvents(after: $after,
  filter: { action: ["enable_customer_plugin", "disable_customer_plugin"] }) { cursor node { reason } } }"""


@pytest.fixture
def start(root: StreamClient) -> str:
    """A cursor after which only what the test toggles comes; the shelf is off for acme."""
    root.mutate("enablePlugin", plugin="shelf")
    root.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")
    query = "{ pluginAuditLogs(first: 1) { edges { cursor } } }"
    return root.run(query, "acme")["data"]["pluginAuditLogs"]["edges"][0]["cursor"]


def toggle(root: StreamClient, numbers: range) -> None:
    for number in numbers:
        name = "disableCustomerPlugin" if number % 2 else "enableCustomerPlugin"
        root.mutate(name, customer="acme", plugin="shelf", reason=str(number))


class EventStreamTransport(AsyncTransport):
    """gql's way to a server, over httpx-sse: gql itself brings none for event streams."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"}

    async def connect(self) -> None:
        self._http = httpx.AsyncClient(trust_env=False, timeout=20)

    async def close(self) -> None:
        await self._http.aclose()

    async def execute(self, request: GraphQLRequest, *args: Any, **kwargs: Any) -> ExecutionResult:
        raise NotImplementedError("This test follows only.")

    async def subscribe(
        self, request: GraphQLRequest, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[ExecutionResult, None]:
        sent = {"json": request.payload, "headers": self._headers}
        async with aconnect_sse(self._http, "POST", self._url, **sent) as source:
            async for event in source.aiter_sse():
                if event.event == "complete":
                    return
                body = event.json()
                yield ExecutionResult(data=body.get("data"), errors=body.get("errors"))


def follow_with_gql(root: StreamClient, *, after: str, count: int) -> list[dict[str, Any]]:
    return asyncio.run(asyncio.wait_for(_follow_with_gql(root, after=after, count=count), LIMIT_SECONDS))


async def _follow_with_gql(root: StreamClient, *, after: str, count: int) -> list[dict[str, Any]]:
    transport = EventStreamTransport(f"{root.server.url}/graphql/acme/", root.token)
    found = []
    async with Client(transport=transport) as session:
        request = GraphQLRequest(FOLLOW, variable_values={"after": after})
        async for data in session.subscribe(request):
            found.append(data["pluginEvents"])
            if len(found) == count:
                break
    return found


def test_gql_follows_and_resumes_by_its_cursor(root, start):
    toggle(root, range(3))
    seen = follow_with_gql(root, after=start, count=2)

    toggle(root, range(3, 6))
    seen += follow_with_gql(root, after=seen[-1]["cursor"], count=4)

    assert [edge["node"]["reason"] for edge in seen] == ["0", "1", "2", "3", "4", "5"]


@pytest.fixture(scope="session")
def node_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("node"))


GRAPHQL_SSE, URQL = "follow.mjs", "follow_with_urql.mjs"
each_node_client = pytest.mark.parametrize("script", [GRAPHQL_SSE, URQL], ids=["graphql-sse", "urql"])


def follow(
    folder: Path, script: str, root: StreamClient, *, view: str = "acme", token: str = "", **wanted: Any
) -> subprocess.Popen[str]:
    options = {"url": f"{root.server.url}/graphql/{view}/", "token": token or root.token, "query": FOLLOW, **wanted}
    return start_client(folder, script, **options, limitSeconds=LIMIT_SECONDS)


def lines(process: subprocess.Popen[str]) -> list[Any]:
    with process:
        output, _ = process.communicate(timeout=2 * LIMIT_SECONDS)  # it ends by itself before
    return [json.loads(line) for line in output.splitlines()]


def reasons(results: list[Any]) -> list[str]:
    return [each["data"]["pluginEvents"]["node"]["reason"] for each in results if each != "complete"]


@each_node_client
def test_a_node_client_follows_and_resumes_by_its_cursor(root, start, node_clients, script):
    toggle(root, range(3))
    first = lines(follow(node_clients, script, root, variables={"after": start}, count=2))[:2]

    toggle(root, range(3, 6))
    after = {"after": first[-1]["data"]["pluginEvents"]["cursor"]}
    rest = lines(follow(node_clients, script, root, variables=after, count=4))

    assert reasons(first + rest) == ["0", "1", "2", "3", "4", "5"]


@each_node_client
def test_a_node_client_does_not_come_again_after_a_stream_that_ended_for_good(root, start, node_clients, script):
    query = """mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
        ... on CreateApiTokenPayload { token apiToken { id } } } }"""
    made = root.run(query, input={"name": script})["data"]["createApiToken"]
    toggle(root, range(1))
    process = follow(node_clients, script, root, token=made["token"], variables={"after": start}, retryAttempts=RETRIES)
    first = json.loads(process.stdout.readline())

    root.mutate("revokeApiToken", id=made["apiToken"]["id"])
    last, complete = lines(process)

    assert first["data"]["pluginEvents"]["node"]["reason"] == "0"
    assert last["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert complete == "complete"
    root.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")


def test_graphql_sse_is_told_why_no_stream_opens(root, node_clients):
    (told,) = lines(follow(node_clients, GRAPHQL_SSE, root, view="nowhere", variables={}))

    assert told["status"] == 404


def test_node_clients_follow_through_a_restart_and_miss_nothing(world, node_clients):
    port = find_free_port()
    with world.serve(port=port) as server:
        root = StreamClient(server, world.tokens["root"])
        root.mutate("enablePlugin", plugin="shelf")
        root.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")
        query = "{ pluginAuditLogs(first: 1) { edges { cursor } } }"
        (newest,) = root.run(query, "acme")["data"]["pluginAuditLogs"]["edges"]
        wanted = {"variables": {"after": newest["cursor"]}, "lastReason": "5", "retryAttempts": RETRIES}
        followers = [follow(node_clients, script, root, **wanted) for script in (GRAPHQL_SSE, URQL)]
        toggle(root, range(2))
        begun = [[json.loads(follower.stdout.readline()) for _ in range(2)] for follower in followers]
        toggle(root, range(2, 4))  # They may be on their way when the server stops.
    with world.serve(port=port) as server:
        toggle(StreamClient(server, world.tokens["root"]), range(4, 6))
        found = [reasons(first + lines(follower)) for first, follower in zip(begun, followers, strict=True)]

    assert found == [["0", "1", "2", "3", "4", "5"]] * 2
