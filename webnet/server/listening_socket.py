"""Opens the socket that a server listens on, and describes its address."""

import socket

from django.core.management.base import CommandError

# The number of connections that can wait while all workers are busy or being replaced.
BACKLOG = 1_024


def listen(host: str, port: int) -> socket.socket:
    """Listen on the port; 0 takes any free one. Raises CommandError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Its connections inherit it, and granian sets it on sockets of its own only. Without it the system holds the
        # second part of an answer until the client has confirmed the first, which clients delay by 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as problem:
        raise CommandError(f"Can't listen on {host}:{port} ({problem.strerror}): set HOST or PORT.") from problem
    return listener


def describe_address(listener: socket.socket) -> str:
    """The URL for a browser on this machine."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}/"
