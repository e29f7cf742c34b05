"""`check_plugin_health --watch`: round after round, until Ctrl-C."""

import signal
import sys

from tests import interpreters
from tests.plugins.lifecycle.installation import plugin_py
from tests.servers import ROOT, STOP_SECONDS

MEMBERS = """
    def health_check(self, context):
        import os
        return not os.path.exists(os.environ["ILLNESS"])
"""
PREPARE = """
    call_command("sync_plugins", migrate=True, stdout=io.StringIO())
    manager.enable("moody", actor=ME)
"""
LOOK = """
    rows = PluginAuditLog.objects.filter(action="check_plugin_health").order_by("position")
    report["audited"] = [row.after["status"] for row in rows]
    report["kept"] = PluginHealth.objects.count()
"""


def test_it_prints_round_after_round_and_ends_as_the_last_one_says(installation, tmp_path):
    installation.write("moody", plugin=plugin_py("moody", more=MEMBERS))
    installation.run(PREPARE, plugins=("moody",))
    illness = tmp_path / "illness"
    command = ["manage.py", "check_plugin_health", "--watch", "--interval", "0.01", "--no-color"]
    environment = installation.environment("moody", ILLNESS=str(illness))

    watching = interpreters.start(command, environment=environment, folder=ROOT, stderr=sys.__stderr__)
    with watching.stdout:
        rounds = wait_for("healthy", watching) + wait_for("healthy", watching)
        illness.touch()
        wait_for("unhealthy", watching)
        watching.send_signal(signal.SIGINT)
        watching.stdout.read()

    assert watching.wait(STOP_SECONDS) == 1
    assert [line.split()[0] for line in rounds[1::3]] == ["name", "name"]
    assert rounds[0].endswith(" UTC\n")
    seen = installation.run(LOOK, plugins=("moody",))
    assert seen["audited"] == ["healthy", "unhealthy"] and seen["kept"] >= 3


def wait_for(status, watching):
    """The lines up to the plugin's with this status."""
    lines = []
    for line in watching.stdout:
        lines.append(line)
        if line.split()[:2] == ["moody", status]:
            break
    return lines
