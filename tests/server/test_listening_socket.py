"""The socket that servers listen on: connections that it accepts send each part of an answer at once."""

import socket

from webnet.server.listening_socket import listen


def test_what_follows_the_headers_of_an_answer_is_not_held_back() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
