"""`pluginEvents`: every row once, in order, from a cursor on or from now on."""

from __future__ import annotations

import pytest

from tests.events.streams import StreamClient

LOGS = "query($last: Int) { pluginAuditLogs(last: $last) { edges { cursor node { id action } } } }"


def toggle(client, number, plugin="shelf", customer="globex"):
    name = ("disableCustomerPlugin", "enableCustomerPlugin")[number % 2]
    assert "code" not in client.mutate(name, customer=customer, plugin=plugin, reason=f"toggle {number}")


@pytest.fixture(scope="module", autouse=True)
def _shelf_is_enabled(server, world):
    StreamClient(server, world.tokens["root"]).mutate("enablePlugin", plugin="shelf")


def test_what_happens_after_the_stream_is_open_arrives_in_order(root):
    stream = root.subscribe()

    for number in (1, 2):
        toggle(root, number)

    assert [stream.node()["reason"] for _ in range(2)] == ["toggle 1", "toggle 2"]


def test_a_cursor_resumes_with_nothing_lost_and_nothing_twice(root):
    first = root.subscribe()
    toggle(root, 1)
    first.edge()
    first.close()

    for number in (2, 3, 4):
        toggle(root, number)
    again = root.subscribe(after=first.cursors[-1])
    toggle(root, 1)
    toggle(root, 2)

    reasons = [again.node()["reason"] for _ in range(5)]
    assert reasons == ["toggle 2", "toggle 3", "toggle 4", "toggle 1", "toggle 2"]


def test_more_than_a_page_that_was_missed_arrives_whole(root):
    everything = [edge["node"]["id"] for edge in root.run(LOGS, last=100)["data"]["pluginAuditLogs"]["edges"]][::-1]
    start = root.run(LOGS, last=1)["data"]["pluginAuditLogs"]["edges"][0]["cursor"]

    stream = root.subscribe(after=start)

    assert [stream.node()["id"] for _ in everything[1:]] == everything[1:]


def test_a_cursor_of_the_log_can_be_given(root):
    stream = root.subscribe()
    toggle(root, 1)
    edge = stream.edge()

    (logged,) = root.run("{ pluginAuditLogs(first: 1) { edges { cursor node { id } } } }")["data"]["pluginAuditLogs"][
        "edges"
    ]

    assert (logged["cursor"], logged["node"]["id"]) == (edge["cursor"], edge["node"]["id"])
    toggle(root, 2)


@pytest.mark.parametrize("cursor", ["nonsense", "WyItcG9zaXRpb24iLDk5OTk5OTk5OV0"])
def test_a_cursor_that_is_none_of_this_log_is_refused_before_the_stream_opens(root, cursor):
    assert root.refusal(after=cursor) == (400, "BAD_CURSOR")


def test_a_filter_lets_through_what_it_says(root):
    stream = root.subscribe(filter={"action": ["disable_customer_plugin"]})

    for number in (1, 2, 3, 4):
        toggle(root, number)

    assert [stream.node()["reason"] for _ in range(2)] == ["toggle 2", "toggle 4"]


def test_a_stream_outlives_what_the_server_keeps_of_its_document(root):
    stream = root.subscribe(query="subscription { pluginEvents { cursor node { reason user { username } } } }")

    for number in range(6):  # 64,000 characters of the documents that were used last are kept.
        assert root.run(f"{{ __typename }} # {number} {'x' * 15_000}") == {"data": {"__typename": "Query"}}
    toggle(root, 1)
    toggle(root, 2)

    users = [stream.node() for _ in range(2)]
    assert users == [{"reason": f"toggle {number}", "user": {"username": "root"}} for number in (1, 2)]
