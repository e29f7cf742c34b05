"""A backup that is restored while streams are open ends those that follow the log, so that nobody misses a change."""

from __future__ import annotations

from tests.events.test_plugin_events import toggle

TICKS = "subscription { ticks { number customer } }"
# As a backup that ends four rows before the end, restored into the database that the server has open.
RESTORE = """
from tests.plugins.audit_logs import cut_off
from webnet.audit.verification import last_position
cut_off(after=last_position() - 4)
"""


def test_a_restored_backup_ends_the_streams_and_they_start_anew(world, root, client):
    acme = client("acme-operator")
    for plugin in ("shelf", "ticker"):
        root.mutate("enablePlugin", plugin=plugin)
    acme.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")
    stream, of_acme = root.subscribe(), acme.subscribe("acme")
    ticks = acme.subscribe("acme", TICKS)
    for number in (1, 2, 3, 4):
        toggle(root, number, customer="acme")
    assert [stream.node()["reason"] for _ in range(4)] == [of_acme.node()["reason"] for _ in range(4)]

    world.command("shell", "-v0", "-c", RESTORE)
    # The same positions again, with other rows.
    for number in (0, 1, 0, 1, 0):
        toggle(root, number)

    assert stream.end()["code"] == of_acme.end()["code"] == "LOG_REPLACED"
    assert root.refusal(after=stream.cursors[-1]) == (400, "LOG_REPLACED")
    assert acme.refusal("acme", after=of_acme.cursors[-1]) == (400, "LOG_REPLACED")
    assert root.refusal(after=of_acme.cursors[-1]) == (400, "BAD_CURSOR")
    # What does not follow the log goes on, and so does who starts anew.
    number = ticks.next()[1]["data"]["ticks"]["number"]
    assert ticks.next()[1]["data"]["ticks"]["number"] > number
    anew = root.subscribe()
    toggle(root, 1)
    assert anew.node()["reason"] == "toggle 1"
