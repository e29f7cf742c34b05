"""Trying ports, against real sockets of this machine; nothing beyond 127.0.0.1 is asked."""

import asyncio
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from reachability import probing
from reachability.probing import Limits, collect, probe_all

LIMITS = Limits(port=1, timeout_seconds=5, deadline_seconds=5, maximum_at_once=10, blocked_networks=())
HERE = "127.0.0.1"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that answers."""
    with socket.create_server((HERE, 0)) as server:
        yield server


def outcome_of(host: str, limits: Limits) -> str:
    return str(asyncio.run(collect({1: host}, limits))[1].outcome)


def test_a_port_that_answers_is_reachable_with_its_latency(listener: socket.socket) -> None:
    limits = replace(LIMITS, port=listener.getsockname()[1])

    answer = asyncio.run(collect({1: HERE}, limits))[1]

    assert answer.outcome == "reachable"
    assert answer.latency_milliseconds is not None and answer.latency_milliseconds > 0


def test_a_port_that_nobody_has_is_refused(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()

    assert outcome_of(HERE, replace(LIMITS, port=port)) == "refused"


@pytest.mark.parametrize("host", ["", "a" * 64, "."])
def test_what_is_no_host_is_unknown(host: str) -> None:
    assert outcome_of(host, LIMITS) == "unknown_host"


@pytest.mark.parametrize("host", [HERE, "127.1", "localhost", "::ffff:127.0.0.1"])
def test_a_blocked_network_is_never_tried_by_whatever_name(listener: socket.socket, host: str) -> None:
    blocked = replace(LIMITS, port=listener.getsockname()[1], blocked_networks=("127.0.0.0/8", "::1/128"))
    listener.settimeout(0)

    assert outcome_of(host, blocked) == "blocked"
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/health?deep=1", "reachable"),
        *((path, "unhealthy") for path in ("/moved", "/busy", "/other", "/endless", "/silent")),
    ],
)
def test_a_health_check_is_requested_with_the_hosts_token(health_server: Any, path: str, outcome: str) -> None:
    tokens = {HERE: health_server.token}
    limits = replace(LIMITS, port=health_server.port, protocol="https", path=path, tokens=tokens)

    assert outcome_of(HERE, limits) == outcome
    # A redirect is not followed.
    assert health_server.requests == [(f"{HERE}:{health_server.port}", path, f"Bearer {health_server.token}")]


def test_a_token_is_sent_to_no_other_host_and_never_without_tls(health_server: Any, listener: socket.socket) -> None:
    limits = replace(LIMITS, port=health_server.port, protocol="https", tokens={HERE: health_server.token})

    assert outcome_of("localhost", limits) == "unauthorized"
    assert outcome_of(HERE, replace(limits, protocol="tcp", port=listener.getsockname()[1])) == "reachable"
    connection, _ = listener.accept()
    with connection:
        assert connection.recv(100) == b""
    assert [authorization for _, _, authorization in health_server.requests] == [None]
    assert health_server.token not in repr(limits)


def test_nothing_is_sent_to_a_host_whose_certificate_is_not_trusted(
    health_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(LIMITS, port=health_server.port, protocol="https", tokens={"127.1": "t", HERE: "t"})

    # The certificate does not have the name by which the first is reached, and nobody trusts it for the second.
    assert outcome_of("127.1", limits) == "untrusted"
    monkeypatch.delenv("SSL_CERT_FILE")
    assert outcome_of(HERE, limits) == "untrusted"
    assert health_server.requests == []


@pytest.mark.parametrize("host", [f"{HERE}\r\nX: y", f"{HERE} x", f"{HERE}/x", f"x@{HERE}"])
def test_a_host_can_add_nothing_to_the_request(health_server: Any, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_: str, __: int) -> str:
        return HERE

    # Some resolvers ignore what follows an address.
    monkeypatch.setattr(probing, "_resolve", resolve)

    assert outcome_of(host, replace(LIMITS, port=health_server.port, protocol="https")) == "unknown_host"
    assert health_server.requests == []


def test_one_that_never_answers_times_out_and_the_deadline_holds_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(host: str, port: int) -> str:
        await asyncio.Event().wait()
        return host

    monkeypatch.setattr(probing, "_resolve", hang)
    began = time.monotonic()

    timed_out = outcome_of(HERE, replace(LIMITS, timeout_seconds=0.05))
    cut_off = asyncio.run(collect(dict.fromkeys(range(5), HERE), replace(LIMITS, deadline_seconds=0.05)))

    assert timed_out == "timed_out"
    assert {str(answer.outcome) for answer in cut_off.values()} == {"not_checked"} and len(cut_off) == 5
    assert time.monotonic() - began < LIMITS.deadline_seconds


def test_no_more_than_the_cap_are_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most = 0

    async def count(host: str, port: int) -> str:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        await asyncio.sleep(0)
        running.pop()
        raise socket.gaierror

    monkeypatch.setattr(probing, "_resolve", count)

    asyncio.run(collect(dict.fromkeys(range(10), HERE), replace(LIMITS, maximum_at_once=3)))

    assert most == 3


def test_who_stops_listening_stops_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: list[str] = []

    async def resolve(host: str, port: int) -> str:
        if host == "first":
            raise socket.gaierror
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(host)
            raise
        return host

    async def listen_once() -> None:
        answers = probe_all({1: "first", 2: "second"}, LIMITS)
        await anext(answers)
        await answers.aclose()  # type: ignore[attr-defined]  # it is an async generator

    monkeypatch.setattr(probing, "_resolve", resolve)

    asyncio.run(listen_once())

    assert cancelled == ["second"]
