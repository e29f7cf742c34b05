"""Takes the port that a server listens on, and says where that is."""

import socket

from django.core.management.base import CommandError

# As many connections may wait while every worker is busy, or is just being replaced.
BACKLOG = 1_024


def listen(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes any that is free. Raises CommandError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as problem:
        raise CommandError(f"Can't listen on {host}:{port} ({problem.strerror}): set HOST or PORT.") from problem
    return listener


def describe_address(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only looked up, never bound
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}/"
