"""The private names of granian that `webnet/server/granian_workers.py` overrides, calls and sets are there.

It is the only module that uses any.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
from contextlib import closing

import pytest
from granian import _granian
from granian._loops import loops
from granian.constants import HTTPModes, Interfaces
from granian.server.common import AbstractServer
from granian.server.mp import MPServer, WorkerProcess

LOOK = "Look at {} in granian's source, and change webnet/server/granian_workers.py with it."

ATTRIBUTES = {
    "_shd": None,
    "_ssp": None,
    "interrupt_children": [],
    "interrupt_signal": False,
    "reload_signal": False,
    "respawned_wrks": {},
    "wrks": [],
}


@pytest.fixture
def server() -> MPServer:
    return MPServer(
        "webnet.asgi:application", address="127.0.0.1", port=0, interface=Interfaces.ASGI, http=HTTPModes.http1
    )


def test_a_new_server_has_the_attributes_that_the_fleet_reads(server: MPServer) -> None:
    found = {name: getattr(server, name, "missing") for name in ATTRIBUTES}

    assert found == ATTRIBUTES, LOOK.format("granian.server.common.AbstractServer.__init__")
    assert not server.main_loop_interrupt.is_set(), LOOK.format("AbstractServer.main_loop_interrupt, an Event")
    used = set(re.findall(r"main_loop_interrupt\.(\w+\()", inspect.getsource(AbstractServer)))
    assert used == {"set(", "clear(", "wait("}, LOOK.format("AbstractServer, which uses more of that Event")


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("_init_shared_socket", ["self"]),
        ("_reload", ["self", "spawn_target", "target_loader"]),
        ("_respawn_workers", ["self", "workers", "spawn_target", "target_loader", "delay"]),
        ("_serve_loop", ["self", "spawn_target", "target_loader"]),
        ("_spawn_worker", ["self", "idx", "target", "callback_loader"]),
        ("_stop_workers", ["self"]),
    ],
)
def test_the_methods_that_the_fleet_overrides_take_what_it_takes(method: str, parameters: list[str]) -> None:
    found = getattr(MPServer, method, None)

    message = LOOK.format(f"granian.server.mp.MPServer.{method}")
    assert found is not None, message
    assert list(inspect.signature(found).parameters) == parameters, message


def test_granian_calls_the_methods_that_the_fleet_overrides() -> None:
    source = inspect.getsource(AbstractServer)

    for call in (
        "self._init_shared_socket()",
        "self._reload(spawn_target",
        "self._respawn_workers(",
        "self._stop_workers()",
    ):
        assert call in source, LOOK.format(f"AbstractServer, which no longer calls {call}")


def test_a_socket_holder_takes_a_descriptor_that_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        holder = _granian.SocketHolder(listener.fileno(), False, 128)

        assert holder.get_fd() == listener.fileno(), LOOK.format("granian._granian.SocketHolder")
        assert not holder.is_uds(), LOOK.format("granian._granian.SocketHolder")


def test_a_worker_makes_the_loop_that_is_registered_for_its_name() -> None:
    look = LOOK.format("granian._loops and granian.server.mp.WorkerProcess.wrap_target")
    source = inspect.getsource(WorkerProcess.wrap_target)

    with closing(loops.get("asyncio")) as loop:
        assert isinstance(loop, asyncio.SelectorEventLoop), look
    assert "loop = loops.get(loop_impl)" in source and "callback = callback_loader()" in source, look
    assert callable(MPServer._spawn_asgi_lifespan_worker), look


def test_a_worker_that_dies_within_seconds_of_its_respawn_ends_the_server() -> None:
    source = inspect.getsource(AbstractServer._serve_loop)

    assert "self.respawned_wrks.get(idx, 0) <= 5.5" in source, LOOK.format("AbstractServer._serve_loop")
