"""What the black box of a process says of it once it is gone, however it ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import interpreters
from tests.servers import ROOT
from webnet import black_box
from webnet.black_box import FOLDER, BlackBox, asks_for_replacement, take_deaths

PATIENCE_SECONDS = 60
# It runs two plugins' code at a time, one of them within a call of another, and returns from a third.
DYING = """
import ctypes, os, signal, sys, threading
from pathlib import Path
from webnet import black_box
from webnet.plugin_calls import PluginCall

black_box.open_box(Path(sys.argv[1]))
begun = threading.Event()

def wait():
    with PluginCall("shelf", "Query.shelves", 7):
        begun.set()
        threading.Event().wait()

threading.Thread(target=wait, daemon=True).start()
begun.wait()
with PluginCall("labels", "Query.labels", 7):
    pass
with PluginCall("shelf", "the page 'tide'", None, 3), PluginCall("tide", "Query.tide", 7, 9):
    eval(sys.argv[2])
"""
ENDS = {
    "exit": "os._exit(7)",
    "abort": "os.abort()",
    "crash": "ctypes.string_at(0)",
    "kill": "os.kill(os.getpid(), signal.SIGKILL)",
}


def die(folder: Path, end: str) -> None:
    done = interpreters.run(
        ["-c", DYING, str(folder), end], environment=os.environ, folder=ROOT, timeout=PATIENCE_SECONDS
    )
    assert "Traceback" not in done.stderr, done.stderr


@pytest.fixture
def box(tmp_path: Path) -> Iterator[BlackBox]:
    made = BlackBox(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_innermost_call_of_each_thread_is_known_however_the_process_ended(tmp_path: Path, end: str) -> None:
    die(tmp_path, end)

    (death,) = take_deaths(tmp_path)

    found = {(call.plugin, call.place, call.customer_id, call.user_id) for call in death.calls}
    assert found == {("tide", "Query.tide", 7, 9), ("shelf", "Query.shelves", 7, None)}
    assert not death.was_ending


def test_a_box_is_read_once_and_removed(tmp_path: Path) -> None:
    die(tmp_path, ENDS["exit"])

    assert len(list(take_deaths(tmp_path))) == 1
    assert list(take_deaths(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_of_two_processes_that_look_at_once_one_finds_a_death(tmp_path: Path) -> None:
    die(tmp_path, ENDS["exit"])
    look = "import sys; from pathlib import Path; from webnet.black_box import take_deaths\n"
    look += "print(len(list(take_deaths(Path(sys.argv[1])))))"
    arguments = ["-c", look, str(tmp_path)]

    # The first one that looks is this process, which has not handled what it found.
    found = take_deaths(tmp_path)
    assert next(found)
    done = interpreters.run(arguments, environment=os.environ, folder=ROOT, timeout=PATIENCE_SECONDS)

    assert done.stdout.strip() == "0"
    assert list(found) == []
    assert list(tmp_path.iterdir()) == []


def test_what_could_not_be_handled_is_found_again(tmp_path: Path) -> None:
    die(tmp_path, ENDS["exit"])

    found = take_deaths(tmp_path)
    next(found)
    found.close()

    assert len(list(take_deaths(tmp_path))) == 1


def test_a_process_that_ends_in_an_ordinary_way_leaves_no_box(tmp_path: Path) -> None:
    die(tmp_path, "None")

    assert list(tmp_path.iterdir()) == []


def test_a_process_that_was_told_to_end_says_so(tmp_path: Path) -> None:
    die(tmp_path, "black_box.announce_end() or os._exit(0)")

    assert [death.was_ending for death in take_deaths(tmp_path)] == [True]


def test_a_process_in_which_a_thread_hangs_asks_for_another(box: BlackBox, tmp_path: Path) -> None:
    assert not asks_for_replacement(tmp_path, box.process)

    box.ask_for_replacement()

    assert asks_for_replacement(tmp_path, box.process)


def test_a_fork_writes_nothing_into_the_box_of_its_parent(tmp_path: Path) -> None:
    die(tmp_path, "os._exit(0) if os.fork() else (PluginCall('fork', 'x').__enter__(), os._exit(0))")

    (death,) = take_deaths(tmp_path)

    assert {call.plugin for call in death.calls} == {"tide", "shelf"}


def test_the_box_of_a_process_that_lives_is_left_alone(tmp_path: Path) -> None:
    living = "from webnet import black_box; from pathlib import Path; import sys; black_box.open_box(Path(sys.argv[1]))"
    process = interpreters.start(
        ["-c", f"{living}; print('open', flush=True); sys.stdin.read(); import time; time.sleep(60)", str(tmp_path)],
        environment=os.environ,
        folder=ROOT,
    )
    try:
        assert process.stdout.readline() == "open\n"

        assert list(take_deaths(tmp_path)) == []
        assert len(list(tmp_path.iterdir())) == 1
    finally:
        process.kill_group()
        process.stdout.close()


def test_more_calls_and_places_than_there_is_room_for_are_not_noted(box: BlackBox) -> None:
    slots = [box.enter(box.find_number("shelf", f"place {number}"), 0, 0) for number in range(2 * black_box.SLOTS)]

    assert slots.count(0) == black_box.SLOTS
    for slot in slots:
        box.leave(slot)
    assert box.enter(box.find_number("shelf", "another"), 0, 0)


def test_other_processes_read_the_beat_and_announce_the_end(box: BlackBox, tmp_path: Path) -> None:
    assert black_box.read_beat(tmp_path, os.getpid()) is None

    box.beat()

    assert black_box.read_beat(tmp_path, os.getpid()) == pytest.approx(black_box.monotonic_ns() / 1e9, abs=60)
    assert black_box.read_beat(tmp_path, os.getpid() + 1) is None


def test_a_box_of_another_version_is_removed_unread(tmp_path: Path) -> None:
    (tmp_path / "host-1-x.box").write_bytes(b"another format")

    assert list(take_deaths(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_logged_and_webnet_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(handle: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(black_box, "own", None)
    monkeypatch.setattr(black_box.os, "write", fail)

    black_box.open_box(tmp_path / FOLDER)

    assert "There is no black box" in caplog.text
    assert black_box.own is None
    assert list((tmp_path / FOLDER).iterdir()) == []
