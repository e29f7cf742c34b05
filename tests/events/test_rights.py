"""Who gets which rows: the rule of `pluginAuditLogs`, and the platform's changes that concern a customer, redacted."""

from __future__ import annotations

import itertools

import pytest

from tests.events.streams import StreamClient

MARK = "the end of this test"
NUMBERS = itertools.count(1)


@pytest.fixture
def collect(root):
    """Call it with an open stream: the nodes up to the mark that it writes for acme and globex alike."""

    def read(stream):
        # No two are alike in this process: a customer that has the name already would not be written.
        mark = f"{MARK} {next(NUMBERS)}"
        for slug in ("acme", "globex"):
            root.mutate("updateCustomer", customer=slug, name=f"{slug} {mark}", reason=mark)
        nodes = []
        while not nodes or nodes[-1]["reason"] != mark:
            nodes.append(stream.node())
        return [node for node in nodes if not (node["reason"] or "").startswith(MARK)]

    return read


@pytest.fixture(autouse=True)
def _shelf_is_on(root):
    root.mutate("setPluginAvailability", plugin="shelf", availability="OFFERED")
    root.mutate("enablePlugin", plugin="shelf")


def test_a_customers_people_get_their_customers_rows_and_no_others(client, root, collect):
    acme, everybody = client("acme-operator").subscribe("acme"), root.subscribe()

    for slug in ("acme", "globex"):
        root.mutate("enableCustomerPlugin", customer=slug, plugin="shelf")
        root.mutate("disableCustomerPlugin", customer=slug, plugin="shelf")

    assert [node["customer"]["slug"] for node in collect(acme)] == ["acme", "acme"]
    assert {everybody.node()["customer"]["slug"] for _ in range(4)} == {"acme", "globex"}


@pytest.mark.parametrize("view", ["acme", None])
def test_viewers_get_nothing(client, root, view):
    stream = client("acme-viewer").subscribe(view)
    witness = client("acme-operator").subscribe(view)

    root.mutate("enableCustomerPlugin", customer="acme", plugin="shelf")
    root.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")

    assert [witness.node()["pluginName"] for _ in range(2)] == ["shelf", "shelf"]
    stream.connection.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        stream.next()


def test_no_stream_opens_for_strangers(client):
    assert client("acme-admin").refusal("globex") == (404, "CUSTOMER_NOT_FOUND")
    assert client("acme-admin").refusal("nowhere") == (404, "CUSTOMER_NOT_FOUND")
    assert StreamClient(client("root").server).refusal() == (401, "UNAUTHENTICATED")


def test_the_platforms_changes_that_concern_a_customer_are_told_without_who_and_why(client, root, collect):
    stream, everybody = client("acme-operator").subscribe("acme"), root.subscribe()

    root.mutate("disablePlugin", plugin="shelf", reason="a secret plan")
    root.mutate("enablePlugin", plugin="shelf")

    disabled, enabled = collect(stream)
    assert (disabled["action"], disabled["pluginName"]) == ("disable_plugin", "shelf")
    assert disabled["before"]["enabled"] and not disabled["after"]["enabled"]
    assert disabled["actorName"] == "platform"
    assert (disabled["reason"], disabled["user"], disabled["customer"], disabled["ipAddress"]) == (None,) * 4
    assert enabled["action"] == "enable_plugin"
    told = everybody.node()
    assert (told["actorName"], told["reason"]) == ("root", "a secret plan")


def test_an_event_of_the_platform_does_not_count_what_else_it_does(client, root):
    query = "subscription { pluginEvents { node { action sequence machineTime hash } } }"
    operator, platform = (client(person).subscribe("acme", query) for person in ("acme-operator", "root"))

    root.mutate("disablePlugin", plugin="shelf")

    shown, known = (stream.next()[1]["data"]["pluginEvents"]["node"] for stream in (operator, platform))
    assert shown["action"] == known["action"] == "disable_plugin"
    assert (shown["sequence"], shown["machineTime"]) == (0, None)
    assert known["sequence"] > 0 and known["machineTime"] and known["hash"] != shown["hash"]


def test_what_the_platform_does_to_a_withheld_plugin_is_not_told(client, root, collect):
    root.mutate("setPluginAvailability", plugin="shelf", availability="WITHHELD", customer="acme")
    acme, globex = client("acme-operator").subscribe("acme"), client("globex-admin").subscribe("globex")

    root.mutate("disablePlugin", plugin="shelf")
    root.mutate("enablePlugin", plugin="shelf")

    assert [node["action"] for node in collect(globex)] == ["disable_plugin", "enable_plugin"]
    # Read while the plugin is still withheld: a row is judged by what its customer may know when it is told.
    assert collect(acme) == []
    root.mutate("setPluginAvailability", plugin="shelf", availability=None, customer="acme")
    assert [node["action"] for node in collect(acme)] == ["set_plugin_availability"]


def test_other_things_of_the_platform_are_not_told(client, root, collect):
    stream = client("acme-operator").subscribe("acme")

    root.mutate("syncPlugins", reason="a look")
    root.mutate("enablePlugin", plugin="no_such_plugin")
    root.mutate("createUser", username=f"somebody-{next(NUMBERS)}")

    assert collect(stream) == []


def test_a_filter_can_not_ask_for_what_is_redacted(client, root, collect):
    stream = client("acme-operator").subscribe("acme", filter={"actor": ["root"]})

    root.mutate("disablePlugin", plugin="shelf")
    root.mutate("enablePlugin", plugin="shelf")

    assert collect(stream) == []
