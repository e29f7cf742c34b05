"""Tries TCP ports: many at once, all of them within one deadline, and never where it is forbidden."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from reachability.models import Outcome

# Threads of our own for names: one that hangs in the resolver must not hold up the end of an event loop.
RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="reachability-resolver")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the settings say about checks."""

    port: int
    timeout_seconds: float
    deadline_seconds: float
    maximum_at_once: int
    blocked_networks: tuple[str, ...]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Limits:
        return cls(
            port=settings["port"],
            timeout_seconds=settings["timeout_seconds"],
            deadline_seconds=settings["deadline_seconds"],
            maximum_at_once=settings["maximum_at_once"],
            blocked_networks=tuple(settings["blocked_networks"]),
        )

    def forbid(self, address: str) -> bool:
        """Whether nobody may connect there through webnet; an IPv4 address in IPv6's clothes counts as itself."""
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in ipaddress.ip_network(each, strict=False) for each in self.blocked_networks)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How one check ended; the latency is that of the connection, and None where there is none."""

    outcome: Outcome
    latency_milliseconds: float | None = None


async def probe_all(hosts: Mapping[int, str], limits: Limits) -> AsyncIterator[tuple[int, Answer]]:
    """(key, answer) of each host, as they come; those that the deadline cuts off come last, as NOT_CHECKED."""
    free = asyncio.Semaphore(limits.maximum_at_once)
    tasks = {asyncio.create_task(_wait_and_probe(free, host, limits)): key for key, host in hosts.items()}
    ends_at = time.monotonic() + limits.deadline_seconds
    pending = set(tasks)
    try:
        while pending and (left := ends_at - time.monotonic()) > 0:
            done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield tasks[task], task.result()
        for task in pending:
            yield tasks[task], Answer(outcome=Outcome.NOT_CHECKED)
    finally:
        # Also where the reader has left: nothing goes on behind its back.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def collect(hosts: Mapping[int, str], limits: Limits) -> dict[int, Answer]:
    """All answers at once."""
    return {key: answer async for key, answer in probe_all(hosts, limits)}


async def _wait_and_probe(free: asyncio.Semaphore, host: str, limits: Limits) -> Answer:
    async with free:
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                return await _probe(host, limits)
        except TimeoutError:
            return Answer(outcome=Outcome.TIMED_OUT)
        except ConnectionRefusedError:
            return Answer(outcome=Outcome.REFUSED)
        except (socket.gaierror, UnicodeError):
            return Answer(outcome=Outcome.UNKNOWN_HOST)
        except OSError:
            return Answer(outcome=Outcome.UNREACHABLE)


async def _probe(host: str, limits: Limits) -> Answer:
    address = await _resolve(host, limits.port)
    # The address that was looked at is the one that is connected to: a name could mean another one the next time.
    if limits.forbid(address):
        return Answer(outcome=Outcome.BLOCKED)
    began = time.monotonic()
    _, writer = await asyncio.open_connection(address, limits.port)
    latency = (time.monotonic() - began) * 1000
    writer.close()
    return Answer(outcome=Outcome.REACHABLE, latency_milliseconds=round(latency, 3))


async def _resolve(host: str, port: int) -> str:
    if not host:
        raise socket.gaierror("The device has no host.")
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return str(found[0][4][0])
