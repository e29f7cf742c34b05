"""Probes TCP ports and health checks over HTTPS: in parallel, within one deadline, and never in blocked networks."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from reachability.models import Outcome

# An executor of its own for name resolution: an event loop waits for the threads of its default executor when it ends.
RESOLVERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="reachability-resolver")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})\b")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of checks, from the settings."""

    port: int
    timeout_seconds: float
    deadline_seconds: float
    maximum_at_once: int
    blocked_networks: tuple[str, ...]
    protocol: str = "tcp"
    path: str = "/"
    # By host, so that no other host gets to know a token. Not in the `repr`, which may be logged.
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Limits:
        return cls(
            port=settings["port"],
            timeout_seconds=settings["timeout_seconds"],
            deadline_seconds=settings["deadline_seconds"],
            maximum_at_once=settings["maximum_at_once"],
            blocked_networks=tuple(settings["blocked_networks"]),
            protocol=settings["protocol"],
            path=settings["path"],
            tokens=dict(settings.get("tokens", {})),
        )

    def is_blocked(self, address: str) -> bool:
        """Whether the address is blocked; an IPv4 address mapped to IPv6 counts as IPv4."""
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in ipaddress.ip_network(each, strict=False) for each in self.blocked_networks)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """The result of a check; the latency is the time to connect, with TLS if it is used, None without a connection."""

    outcome: Outcome
    latency_milliseconds: float | None = None


async def probe_all(hosts: Mapping[int, str], limits: Limits) -> AsyncIterator[tuple[int, ProbeResult]]:
    """Yield (key, result) of each host as it arrives; hosts that are left at the deadline are NOT_CHECKED."""
    free = asyncio.Semaphore(limits.maximum_at_once)
    tls = ssl.create_default_context() if limits.protocol == "https" else None
    tasks = {asyncio.create_task(_wait_and_probe(free, host, limits, tls)): key for key, host in hosts.items()}
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


async def _wait_and_probe(
    free: asyncio.Semaphore, host: str, limits: Limits, tls: ssl.SSLContext | None
) -> ProbeResult:
    async with free:
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                return await _probe(host, limits, tls)
        except TimeoutError:
            return ProbeResult(outcome=Outcome.TIMED_OUT)
        except ConnectionRefusedError:
            return ProbeResult(outcome=Outcome.REFUSED)
        except (socket.gaierror, UnicodeError):
            return ProbeResult(outcome=Outcome.UNKNOWN_HOST)
        except ssl.SSLCertVerificationError:
            return ProbeResult(outcome=Outcome.UNTRUSTED)
        except OSError:
            return ProbeResult(outcome=Outcome.UNREACHABLE)


async def _probe(host: str, limits: Limits, tls: ssl.SSLContext | None) -> ProbeResult:
    address = await _resolve(host, limits.port)
    # Connect to the address that was checked, not to the name, which could resolve to another one next time.
    if limits.is_blocked(address):
        return ProbeResult(outcome=Outcome.BLOCKED)
    request = _write_request(host, limits) if tls else b""
    started = time.monotonic()
    # The certificate must be valid for the device's host, before anything is sent.
    reader, writer = await asyncio.open_connection(address, limits.port, ssl=tls, server_hostname=host if tls else None)
    latency = round((time.monotonic() - started) * 1000, 3)
    try:
        outcome = await _request_health(reader, writer, request) if tls else Outcome.REACHABLE
    finally:
        # At once: to close TLS in order would take another answer of the host's.
        writer.transport.abort()
    return ProbeResult(outcome=outcome, latency_milliseconds=latency)


def _write_request(host: str, limits: Limits) -> bytes:
    name = host.encode("idna").decode("ascii")
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", name):
        raise socket.gaierror("The device's host can't be in a request.")
    authority = f"[{name}]:{limits.port}" if ":" in name else f"{name}:{limits.port}"
    lines = [f"GET {limits.path} HTTP/1.1", f"Host: {authority}", "Connection: close"]
    if token := limits.tokens.get(host):
        lines.append(f"Authorization: Bearer {token}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")


async def _request_health(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Outcome:
    """What the status of the answer says; a redirect is not followed, so that the token stays with this host."""
    writer.write(request)
    await writer.drain()
    try:
        found = STATUS_LINE.match(await reader.readline())
    except ValueError:  # the line is longer than the reader's limit
        found = None
    status = int(found[1]) if found else 0
    if status in {401, 403}:
        return Outcome.UNAUTHORIZED
    return Outcome.REACHABLE if 200 <= status < 300 else Outcome.UNHEALTHY


async def _resolve(host: str, port: int) -> str:
    if not host:
        raise socket.gaierror("The device has no host.")
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return str(found[0][4][0])
