"""Probes TCP ports: in parallel, within one deadline, and never in blocked networks."""

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

# An executor of its own for name resolution: an event loop waits for the threads of its default executor when it ends.
RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="reachability-resolver")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of checks, from the settings."""

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

    def is_blocked(self, address: str) -> bool:
        """Whether the address is blocked; an IPv4 address mapped to IPv6 counts as IPv4."""
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in ipaddress.ip_network(each, strict=False) for each in self.blocked_networks)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """The result of a check; the latency is the time to connect, None without a connection."""

    outcome: Outcome
    latency_milliseconds: float | None = None


async def probe_all(hosts: Mapping[int, str], limits: Limits) -> AsyncIterator[tuple[int, ProbeResult]]:
    """Yield (key, result) of each host as it arrives; hosts that are left at the deadline are NOT_CHECKED."""
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
            yield tasks[task], ProbeResult(outcome=Outcome.NOT_CHECKED)
    finally:
        # Also when the consumer stops early: cancel what is still running.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def collect(hosts: Mapping[int, str], limits: Limits) -> dict[int, ProbeResult]:
    """All results at once."""
    return {key: result async for key, result in probe_all(hosts, limits)}


async def _wait_and_probe(free: asyncio.Semaphore, host: str, limits: Limits) -> ProbeResult:
    async with free:
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                return await _probe(host, limits)
        except TimeoutError:
            return ProbeResult(outcome=Outcome.TIMED_OUT)
        except ConnectionRefusedError:
            return ProbeResult(outcome=Outcome.REFUSED)
        except (socket.gaierror, UnicodeError):
            return ProbeResult(outcome=Outcome.UNKNOWN_HOST)
        except OSError:
            return ProbeResult(outcome=Outcome.UNREACHABLE)


async def _probe(host: str, limits: Limits) -> ProbeResult:
    address = await _resolve(host, limits.port)
    # Connect to the address that was checked, not to the name, which could resolve to another one next time.
    if limits.is_blocked(address):
        return ProbeResult(outcome=Outcome.BLOCKED)
    started = time.monotonic()
    _, writer = await asyncio.open_connection(address, limits.port)
    latency = (time.monotonic() - started) * 1000
    writer.close()
    return ProbeResult(outcome=Outcome.REACHABLE, latency_milliseconds=round(latency, 3))


async def _resolve(host: str, port: int) -> str:
    if not host:
        raise socket.gaierror("The device has no host.")
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return str(found[0][4][0])
