"""`on_load` and `on_unload`: each once in every process, also where a server ends and where a plugin hangs."""

import os
import signal
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tests.databases import one_database_is_enough
from tests.plugins.lifecycle.installation import plugin_py
from tests.servers import STOP_SECONDS, serve_application

pytestmark = one_database_is_enough

SERVERS = [
    ("uvicorn", "webnet.asgi:application"),
    ("granian", "webnet.asgi:application"),
    ("granian-wsgi", "webnet.wsgi:application"),
]
MEMBERS = """
    def on_load(self):
        self.tell("load")

    def on_unload(self):
        self.tell("unload")

    def tell(self, words):
        import os
        log = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, f"{os.getpid()} {words} {self.name}\\n".encode())
        os.close(log)
"""
HANGING = f"""
    {MEMBERS.strip()}

    def on_unload(self):
        import time
        self.tell("hang")
        time.sleep(300)
"""
THERE_AND_BACK = ["load below", "load above", "unload above", "unload below"]


@pytest.fixture
def two(installation, monkeypatch, tmp_path):
    """An installation with two plugins, one of which needs the other."""
    installation.write("above", plugin=plugin_py("above", "1.0", "below", more=MEMBERS))
    installation.write("below", plugin=plugin_py("below", more=MEMBERS))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return installation


def read_calls():
    """What each process's hooks wrote down, in order."""
    calls = defaultdict(list)
    for line in Path(os.environ["CALLS"]).read_text().splitlines():
        process, words = line.split(maxsplit=1)
        calls[process].append(words)
    return list(calls.values())


def wait_for_calls(wanted):
    """Until some process has written these; granian's workers may end a little after it."""
    deadline = time.monotonic() + STOP_SECONDS
    while wanted not in read_calls() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert wanted in read_calls()


def test_a_command_loads_what_is_needed_first_and_unloads_it_last(two):
    two.run("", plugins=("above", "below"))

    assert read_calls() == [THERE_AND_BACK]


@pytest.mark.parametrize(("server", "application"), SERVERS)
def test_a_server_that_ends_unloads_its_plugins_once(two, server, application):
    with serve_application(server, application, two.data_dir, **two.environment("above", "below")):
        assert ["load below", "load above"] in read_calls()

    wait_for_calls(THERE_AND_BACK)
    assert all(calls in (THERE_AND_BACK, THERE_AND_BACK[:2]) for calls in read_calls())


def test_a_plugin_that_hangs_there_does_not_keep_the_server(two):
    """The test's own wait for the end of the server is shorter than the plugin's."""
    two.write("above", plugin=plugin_py("above", "1.0", "below", more=HANGING))

    environment = two.environment("above", "below")

    with serve_application("uvicorn", "webnet.asgi:application", two.data_dir, **environment) as server:
        pass

    assert server.process.returncode in (0, -signal.SIGTERM)
    assert ["load below", "load above", "hang above"] in read_calls()
