"""The subscription of an example plugin, over a real connection to a real server."""

from __future__ import annotations

RESULTS = """subscription($all: Nothing) { reachability @ifPlugin(name: "reachability") {
    device { name new: unheardOf(of: $all) @ifPlugin(name: "floor_plans") } outcome } }"""


def test_reachability_tells_each_result_and_then_ends(root, client):
    for plugin in ("device_inventory", "reachability"):
        root.mutate("enablePlugin", plugin=plugin, availability="DEFAULT_ON")
    operator = client("acme-operator")
    for name in ("core-1", "core-2"):
        operator.mutate("createDevice", "acme", name=name, host="127.0.0.1")

    stream = operator.subscribe("acme", RESULTS)
    events = [stream.next() for _ in range(3)]

    results = [body["data"]["reachability"] for event, body in events if event == "next"]
    assert {each["device"]["name"]: each["outcome"] for each in results} == {"core-1": "BLOCKED", "core-2": "BLOCKED"}
    assert all("new" in each["device"] and each["device"]["new"] is None for each in results)
    assert events[-1][0] == "complete"
