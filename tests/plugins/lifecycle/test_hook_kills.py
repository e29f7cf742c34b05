"""`kill -9` between a commit and its after-hook: somebody else calls it."""

import time

import pytest

from tests.plugins.lifecycle.installation import plugin_py
from tests.servers import START_SECONDS, serve_application

MEMBERS = """
    def after_enable(self, context):
        self.tell("enable")

    def after_disable(self, context):
        self.tell("disable")

    def tell(self, words):
        import os
        log = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, f"{words}\\n".encode())
        os.close(log)
"""
LOOP = """
    import os
    from tests.plugins.lifecycle import hook_kill_loop as loop
"""
PREPARE = f"""
    {LOOP.strip()}
    customers.create(actor=ME, slug="acme", name="Acme")
    call_command("sync_plugins", migrate=True, stdout=io.StringIO())
"""
DIE = """
    manager.enable("calling", actor=ME)
    report["before"] = loop.read_calls(os.environ["CALLS"])
    report["signal"] = loop.die_after_the_commit()
    report["on"] = CustomerPluginConfig.objects.get(customer__slug="acme").enabled
    report["after"] = loop.read_calls(os.environ["CALLS"])
"""
FINISH = """
    loop.call_what_is_owed()
    report["later"] = loop.read_calls(os.environ["CALLS"])
"""


@pytest.fixture
def calling(installation, monkeypatch, tmp_path):
    """An installation with a plugin that writes each call of its after-hooks into a file."""
    installation.write("calling", plugin=plugin_py("calling", more=MEMBERS))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return installation


def test_a_hook_whose_process_was_killed_after_the_commit_is_called_by_another(calling):
    seen = calling.run(PREPARE, DIE, FINISH, plugins=("calling",))

    assert seen == {"before": ["enable"], "signal": 9, "on": True, "after": ["enable"], "later": ["enable", "enable"]}


def test_without_the_row_nobody_else_would_call_it(calling):
    """The negative control of the test above."""
    seen = calling.run(PREPARE, "loop.call_from_memory()", DIE, FINISH, plugins=("calling",))

    assert (seen["signal"], seen["on"], seen["later"]) == (9, True, seen["before"])


def test_the_next_start_calls_it(calling):
    calling.run(PREPARE, DIE, plugins=("calling",))

    seen = calling.run(
        LOOP,
        'call_command("sync_plugins", stdout=io.StringIO())',
        'report |= {"calls": loop.read_calls(os.environ["CALLS"]), "left": loop.OwedCall.objects.count()}',
        plugins=("calling",),
    )

    assert seen == {"calls": ["enable", "enable"], "left": 0}


def test_a_server_that_runs_calls_it(calling, tmp_path):
    calling.run(PREPARE, DIE, plugins=("calling",))
    environment = calling.environment("calling")

    with serve_application("uvicorn", "webnet.asgi:application", calling.data_dir, **environment):
        deadline = time.monotonic() + START_SECONDS
        while (tmp_path / "calls").read_text() != "enable\nenable\n" and time.monotonic() < deadline:
            time.sleep(0.02)

    assert (tmp_path / "calls").read_text() == "enable\nenable\n"


def test_after_kills_at_random_every_change_has_had_its_hook_and_in_order(calling):
    script = 'report = loop.kill_at_random_moments(40, seed=7, log=os.environ["CALLS"])'

    seen = calling.run(PREPARE, script, plugins=("calling",))

    called = [call for call, before in zip(seen["called"], [None, *seen["called"]], strict=False) if call != before]
    assert seen["killed"] == 40
    assert called == seen["changed"] and len(called) > 40
    assert seen["left"] > 0  # a negative control: some were killed in between
