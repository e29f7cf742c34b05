"""One process at a time does what one has to do for all, and another goes on when that one is killed."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import psycopg
import pytest

from tests import interpreters
from tests.databases import make_database
from tests.servers import ROOT, START_SECONDS, make_environment, run_command
from webnet.server.background import heartbeat, upkeep
from webnet.server.background.upkeep import Upkeep

PREPARE = """
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins", verbosity=0)
call("enable_plugin", "hello_world")
"""
# What every serving process runs, with a lease that is short.
WORKER = """
import django
django.setup()
from threading import Event
from webnet.plugins.runtime import lease, workers
from webnet.server.background.heartbeat import Heartbeat
lease.LEASE_SECONDS, workers.BEAT_SECONDS = 1, 0.1
with Heartbeat():
    Event().wait()
"""
HOLDER = "SELECT process_id FROM plugins_worker w JOIN plugins_lease l ON l.holder = w.token WHERE l.name = 'upkeep'"
CHECKS = "SELECT count(*) FROM plugins_pluginhealth"


@contextmanager
def connect(data_dir: Path, database: dict[str, str]) -> Iterator[Callable[[str], int | None]]:
    """Call it with a query for one number."""
    if database:
        opened = psycopg.connect(database["DATABASE_URL"], autocommit=True)
    else:
        opened = sqlite3.connect(data_dir / "webnet.sqlite3", timeout=START_SECONDS)

    def ask(query: str) -> int | None:
        row = opened.execute(query).fetchone()
        return row[0] if row is not None else None

    with closing(opened):
        yield ask


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.02)


def test_another_process_takes_over_from_one_that_is_killed(tmp_path):
    with make_database() as database:
        settings = {"WEBNET_PLUGINS": "hello_world", "WEBNET_HEALTH_SECONDS": "1", **database}
        prepared = run_command("shell", "-v0", "-c", PREPARE, data_dir=tmp_path, **settings)
        assert prepared.returncode == 0, prepared.stderr
        environment = make_environment(tmp_path, **settings)
        with (tmp_path / "output").open("w") as output, connect(tmp_path, database) as ask:
            workers = [
                interpreters.start(["-c", WORKER], environment=environment, folder=ROOT, stdout=output) for _ in "12"
            ]
            try:
                wait_until(lambda: bool(ask(CHECKS)))
                wait_until(lambda: ask("SELECT count(*) FROM plugins_worker") == 2)
                holder = ask(HOLDER)
                (killed,) = [each for each in workers if each.pid == holder]
                (other,) = [each for each in workers if each is not killed]

                killed.send_signal(signal.SIGKILL)
                killed.wait(START_SECONDS)
                checks = ask(CHECKS)

                wait_until(lambda: ask(HOLDER) == other.pid)
                wait_until(lambda: ask(CHECKS) > checks + 1)
            finally:
                for each in workers:
                    each.kill_group()
            assert "Traceback" not in (tmp_path / "output").read_text()


@pytest.fixture
def tasks(monkeypatch):
    """Runs an upkeep whose two kinds of work are due all the time; `done` has the names of what was done."""
    done: list[str] = []
    going_on = Event()

    def hang():
        done.append("health")
        going_on.wait(START_SECONDS)

    monkeypatch.setattr(upkeep, "look_after_log", lambda: done.append("log"))
    monkeypatch.setattr(upkeep, "check_health", hang)
    monkeypatch.setattr(upkeep, "FIRST_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "LOG_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "run_task", lambda task: task())
    yield done
    going_on.set()


def start(settings, *, lease):
    settings.WEBNET_HEALTH_SECONDS = 1
    found = Upkeep("token")
    found.lease = lease
    found.start()
    return found


def test_a_health_check_that_hangs_does_not_stop_the_log_from_being_looked_after(settings, tasks):
    running = start(settings, lease=SimpleNamespace(is_holder=True))

    wait_until(lambda: "health" in tasks)
    before = len(tasks)
    wait_until(lambda: len(tasks) > before + 3)

    running.stop()
    assert tasks.count("health") == 1


def test_without_the_lease_nothing_is_done(settings, tasks):
    looked = []

    class Taken:
        @property
        def is_holder(self):
            looked.append("again")
            return False

    running = start(settings, lease=Taken())

    wait_until(lambda: len(looked) > 3)

    running.stop()
    assert tasks == []


def test_health_is_asked_for_on_request_only_where_that_is_set(settings):
    settings.WEBNET_HEALTH_SECONDS = 0

    assert [thread.name for thread in Upkeep("token")._threads] == ["upkeep-look_after_log"]


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_has_the_lease_while_it_beats(monkeypatch):
    from webnet.plugins.models import Lease

    monkeypatch.setattr(heartbeat, "PERIODIC_TASKS", ())
    # A process that ends unloads its plugins, and this one goes on with other tests.
    monkeypatch.setattr(heartbeat, "registry", SimpleNamespace(unload_all=bool))
    beating = heartbeat.Heartbeat()
    with beating:
        wait_until(lambda: Lease.objects.filter(holder=beating._token).exists())
    assert Lease.objects.get().holder == ""
