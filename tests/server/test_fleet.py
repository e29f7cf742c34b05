"""What is added to granian's management of the workers, and whom a worker believes."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace

import pytest
from granian.server.mp import MPServer

from webnet.server import granian_workers, worker
from webnet.server.granian_workers import Fleet


class ToldFleet(Fleet):
    """A fleet that can be told to replace its workers without a signal."""

    def reload(self) -> None:
        self._reload(None, None)


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The workers that granian replaces."""
    found: list[int] = []
    monkeypatch.setattr(granian_workers, "_try_start", lambda: 0.0)
    monkeypatch.setattr(MPServer, "_respawn_workers", lambda self, workers, *args, **options: found.extend(workers))
    return found


@pytest.fixture
def running() -> ToldFleet:
    """Two workers, of which the second has died."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = ToldFleet(listener, workers=2)
        made.wrks = [SimpleNamespace(is_alive=lambda: True), SimpleNamespace(is_alive=lambda: False)]
        yield made


def test_a_reload_replaces_all_workers(running, replaced):
    running.reload()

    assert replaced == [0, 1]
    assert not running.main_loop_interrupt.is_set()


def test_a_worker_that_died_while_it_was_replaced_does_not_end_all_the_others(running, replaced):
    running.interrupt_children = [0, 1, 0]
    running.respawned_wrks = {0: 1.0, 1: 1.0}

    running.reload()

    assert running.interrupt_children == [1]
    assert running.respawned_wrks == {}
    assert running.main_loop_interrupt.is_set()


def test_a_reload_goes_no_further_once_the_server_is_told_to_end(running, replaced):
    running.signal_handler_interrupt()

    running.reload()

    assert replaced == []
    assert running.main_loop_interrupt.is_set()


def test_nothing_is_replaced_by_what_would_not_start(running, replaced, monkeypatch):
    monkeypatch.setattr(granian_workers, "_try_start", lambda: None)
    running.signal_handler_reload()

    running.reload()

    assert (replaced, running.reload_signal) == ([], False)
    assert not running.main_loop_interrupt.is_set()


def test_a_reload_that_is_asked_for_while_another_is_refused_is_not_forgotten(running, replaced, monkeypatch):
    running.signal_handler_reload()
    monkeypatch.setattr(granian_workers, "_try_start", running.signal_handler_reload)

    running.reload()

    assert (replaced, running.reload_signal) == ([], True)
    assert running.main_loop_interrupt.is_set()


@pytest.mark.parametrize(
    ("https", "proxy", "expected"),
    [(True, "127.0.0.1", "198.51.100.7"), (True, "192.0.2.1", "192.0.2.1"), (False, "127.0.0.1", "127.0.0.1")],
)
def test_only_a_proxy_may_say_who_the_client_is(settings, https, proxy, expected):
    settings.WEBNET_HTTPS = https
    seen = []

    async def application(scope, receive, send):
        seen.append(scope["client"][0])

    scope = {
        "type": "http",
        "client": (proxy, 4711),
        "scheme": "http",
        "headers": [(b"x-forwarded-for", b"198.51.100.7")],
    }
    asyncio.run(worker.behind_proxy(application)(scope, None, None))

    assert seen == [expected]
