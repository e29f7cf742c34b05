"""A process that is forked from the warm interpreter is as one that is started cold."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import START_SECONDS, make_environment

pytestmark = with_files_of_its_own

LOOK = """
import atexit, json, os, signal, sys, threading, warnings
atexit.register(print, "at its end")
print(json.dumps({
    "name": __name__, "arguments": sys.argv[1:], "path": sys.path[:2], "folder": os.getcwd(),
    "is main": sys.modules["__main__"].__dict__ is globals(), "environment": dict(os.environ),
    "stdin": sys.stdin.read(), "filters": [each[0] for each in warnings.filters[:1]], "options": sys.warnoptions,
    "signals": [str(signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
    "threads": threading.active_count(), "leads": os.getsid(0) == os.getpid(),
    "files": sorted(int(each) for each in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{each}")),
    "loaded": sorted(each for each in sys.modules if each.partition(".")[0] in ("webnet", "tests")),
}))
threading.Thread(target=lambda: (threading.main_thread().join(), print("a thread that it waits for"))).start()
"""


def both(folder: Path, *arguments: str, **changes: str) -> list[subprocess.CompletedProcess[str]]:
    """How it ends as a fork, and started cold."""
    environment = make_environment(folder, PYTHONPATH=str(folder), **changes)
    return [
        interpreters.run(arguments, environment=environment, folder=folder, timeout=START_SECONDS, is_cold=is_cold)
        for is_cold in (False, True)
    ]


@pytest.mark.parametrize(
    "arguments", [("-c", LOOK), ("-m", "look"), ("look.py",), ("-W", "error", "-m", "look")], ids=lambda each: each[0]
)
def test_it_finds_the_same_around_it(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "look.py").write_text(LOOK)

    warm, cold = both(tmp_path, *arguments, "one", "two words")

    found: list[dict[str, Any]] = [json.loads(each.stdout.splitlines()[0]) for each in (warm, cold)]
    assert found[0] == found[1] and found[0]["arguments"] == ["one", "two words"]
    for each in (warm, cold):
        assert each.stdout.splitlines()[1:] == ["a thread that it waits for", "at its end"]
    assert (warm.returncode, warm.stderr) == (cold.returncode, cold.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "expected", "told"),
    [
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no more')", 1, "no more\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "KeyboardInterrupt\n"),
        ("import os; os._exit(7)", 7, ""),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
    ],
)
def test_it_ends_in_the_same_way(tmp_path: Path, code: str, expected: int, told: str) -> None:
    ended = both(tmp_path, "-c", code)

    assert [each.returncode for each in ended] == [expected, expected]
    assert all(each.stderr.endswith(told) and (told or not each.stderr) for each in ended)


def test_what_is_printed_is_there_at_once_where_nothing_is_buffered(tmp_path: Path) -> None:
    ended = both(tmp_path, "-c", "import os; print('said'); os._exit(0)", PYTHONUNBUFFERED="1")

    assert [each.stdout for each in ended] == ["said\n", "said\n"]


def test_one_that_takes_too_long_is_killed_with_what_it_has_started(tmp_path: Path) -> None:
    code = "import os, signal; os.fork(); print(os.getpid(), flush=True); signal.pause()"
    environment = make_environment(tmp_path)

    with (tmp_path / "output").open("w+") as output:
        process = interpreters.start(["-c", code], environment=environment, folder=tmp_path, stdout=output)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.kill_group()

    assert process.poll() == process.wait() == -signal.SIGKILL


def test_one_that_is_killed_at_once_ends(tmp_path: Path) -> None:
    code = "import signal; signal.pause()"
    environment = make_environment(tmp_path)

    with (tmp_path / "output").open("w+") as output:
        for _ in range(20):
            process = interpreters.start(["-c", code], environment=environment, folder=tmp_path, stdout=output)
            process.kill_group()

            assert process.poll() == -signal.SIGKILL


def test_a_stranger_that_has_the_number_of_one_that_has_ended_is_not_killed(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)

    with (tmp_path / "output").open("w+") as output:
        ended, stranger = (
            interpreters.start(["-c", code], environment=environment, folder=tmp_path, stdout=output)
            for code in ("", "import signal; signal.pause()")
        )
        ended.wait(START_SECONDS)
        ended.pid = stranger.pid
        ended.kill_group()
        stranger.terminate()

    assert stranger.wait(START_SECONDS) == -signal.SIGTERM
