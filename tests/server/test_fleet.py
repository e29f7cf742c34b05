"""What is added to granian's management of the workers, and whom a worker believes."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from threading import Timer, get_ident
from types import SimpleNamespace

import pytest

from tests.databases import with_files_of_its_own
from webnet import black_box
from webnet.server import granian_workers, worker
from webnet.server.granian_workers import Flag, Fleet

pytestmark = with_files_of_its_own


class FakeWorker:
    """A worker as granian has it, but without a process."""

    def __init__(self, fleet: ToldFleet, idx: int, *, is_alive: bool = True) -> None:
        self.fleet, self.idx, self.alive, self.inner = fleet, idx, is_alive, SimpleNamespace(pid=0)

    def start(self) -> None:
        self.fleet.started.append(self.idx)
        self.alive = self.fleet.is_startable
        self.fleet.when_started()

    def is_alive(self) -> bool:
        return self.alive

    def terminate(self) -> None:
        self.alive = self.fleet.is_stubborn

    def kill(self) -> None:
        self.alive = False

    def join(self) -> None:
        pass


class ToldFleet(Fleet):
    """A fleet that is told what to do without signals, and starts no processes."""

    started: list[int]
    is_startable, is_stubborn, has_trial, has_served = True, False, True, True
    when_started = staticmethod(bool)
    when_tried = staticmethod(bool)

    def reload(self) -> None:
        self._reload(None, None)

    def replace_dead(self) -> None:
        self._respawn_workers([each.idx for each in self.wrks if not each.is_alive()], None, None)

    def replace(self, worker: FakeWorker) -> None:
        self._respawn_workers([worker.idx], None, None)

    def replace_hung(self) -> None:
        self._replace_hung()

    def stop(self) -> None:
        self._stop_workers()

    def _spawn_worker(self, idx, target, callback_loader):
        return FakeWorker(self, idx)

    def _try_start(self) -> bool:
        self.when_tried()
        return self.has_trial


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[ToldFleet]:
    """Two workers, of which the second has died."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = ToldFleet(listener, workers=2, workers_kill_timeout=1)
        monkeypatch.setattr(granian_workers, "_has_served", lambda worker: made.has_served)
        made.started = []
        made.wrks = [FakeWorker(made, 0), FakeWorker(made, 1, is_alive=False)]
        yield made


def test_a_reload_replaces_all_workers(running):
    old = list(running.wrks)

    running.reload()

    assert running.started == [0, 1]
    assert not any(worker.is_alive() for worker in old)
    assert not running.main_loop_interrupt.is_set()


def test_a_worker_that_died_while_it_was_replaced_does_not_end_all_the_others(running):
    running.interrupt_children = [0, 1, 0]
    running.respawned_wrks = {0: 1.0, 1: 1.0}

    running.reload()

    assert running.interrupt_children == []
    assert running.respawned_wrks == {}
    assert not running.main_loop_interrupt.is_set()


def test_a_reload_goes_no_further_once_the_server_is_told_to_end(running):
    running.signal_handler_interrupt()

    running.reload()

    assert running.started == []
    assert running.main_loop_interrupt.is_set()


def test_nothing_is_replaced_by_what_would_not_start(running):
    running.has_trial = False
    running.signal_handler_reload()

    running.reload()

    assert (running.started, running.reload_signal) == ([], False)
    assert not running.main_loop_interrupt.is_set()


def test_a_reload_that_is_asked_for_while_another_is_refused_is_not_forgotten(running):
    running.has_trial = False
    running.when_tried = running.signal_handler_reload

    running.reload()

    assert (running.started, running.reload_signal) == ([], True)
    assert running.main_loop_interrupt.is_set()


def test_a_worker_that_has_served_is_replaced_however_often_it_dies(running):
    running.is_startable = False

    running.replace_dead()
    running.replace_dead()

    assert running.started == [1, 1]
    assert running.respawned_wrks == {}


def test_of_the_workers_that_ask_for_it_one_at_a_time_is_replaced(running, monkeypatch):
    monkeypatch.setattr(granian_workers, "_asks_for_replacement", lambda worker: worker.is_alive())
    running.wrks[1].alive = True
    first, second = running.wrks

    running.replace_hung()
    running.replace_hung()

    assert running.interrupt_children == [0]
    assert running.main_loop_interrupt.is_set()
    running.interrupt_children.clear()
    first.alive = False  # it has been replaced
    running.replace_hung()
    assert running.interrupt_children == [second.idx]


def test_one_that_never_served_is_a_failing_start_after_which_granian_gives_up(running):
    running.is_startable = running.has_served = False

    running.replace_dead()

    assert list(running.respawned_wrks) == [1]


def test_an_end_does_not_wait_for_a_worker_that_starts_and_ends_the_old_ones_with_the_new(running):
    running.has_served = False
    running.when_started = running.signal_handler_interrupt
    old, _ = running.wrks

    running.reload()

    assert old.is_alive()
    new = running.wrks[0]
    running.stop()
    assert not old.is_alive() and not new.is_alive()


def test_a_signal_that_another_thread_receives_ends_the_wait():
    flag = Flag()
    former = signal.signal(signal.SIGUSR1, lambda number, frame: flag.set())
    try:
        # Python calls the handler on the main thread, whose system call this signal does not interrupt.
        receiver = Timer(0.1, lambda: signal.pthread_kill(get_ident(), signal.SIGUSR1))
        receiver.start()

        flag.wait()

        receiver.join()
    finally:
        signal.signal(signal.SIGUSR1, former)


def test_a_worker_that_does_not_end_is_killed_in_time(running):
    running.is_stubborn = True
    running.workers_kill_timeout = 0.01
    old, _ = running.wrks

    running.stop()

    assert not old.is_alive()


def test_one_in_which_a_thread_hangs_is_killed_as_soon_as_its_other_requests_have_had_their_time(running, monkeypatch):
    monkeypatch.setattr(granian_workers, "_asks_for_replacement", lambda worker: True)
    monkeypatch.setattr(granian_workers, "DRAIN_SECONDS", 0)
    monkeypatch.setattr(granian_workers, "GRACE_SECONDS", 0)
    running.is_stubborn = True
    running.workers_kill_timeout = 3_600
    old, _ = running.wrks

    running.replace(old)

    assert not old.is_alive()


def test_a_worker_that_can_not_ask_for_a_replacement_ends_by_itself(monkeypatch):
    left = []
    monkeypatch.setattr(black_box, "own", None)
    monkeypatch.setattr(worker, "leave", lambda: left.append("left"))

    worker.hand_over()

    assert left == ["left"]


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


def test_the_box_of_a_worker_that_died_is_left_for_the_new_one_to_read(running, monkeypatch):
    told: list[int] = []
    monkeypatch.setattr(black_box, "announce_end_of", lambda _folder, process: told.append(process))
    for each in running.wrks:
        each.inner.pid = 100 + each.idx

    running.replace_dead()

    assert told == []
    running.replace(running.wrks[0])
    assert told == [100]
