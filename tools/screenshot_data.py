"""What the pictures of the documentation show: customers, devices and sites, and a plugin that does not load."""

from __future__ import annotations

from typing import Any

from tests.browsing import Client

# The last one is not there, so that there is something to do.
PLUGINS = ("hello_world", "device_inventory", "site_map", "reachability", "label_printer")
CUSTOMERS = {"harbour": "Harbour Logistics", "miller": "Miller & Sons", "riverside": "Riverside Clinic"}
SITES = {"Berlin": (52.52, 13.4), "Oslo": (59.91, 10.75), "Porto": (41.15, -8.61)}
DEVICES = {"core-1": "Berlin", "core-2": "Oslo", "edge-1": "Berlin", "edge-2": "Porto", "lab-1": "Oslo"}

MUTATION = """mutation($input: {name}Input!) {{ {field}(input: $input) {{
  __typename ... on Refusal {{ code message }} }} }}"""


def make_data(platform: Client) -> None:
    """Do it all as the platform operator, by the API."""
    for slug, name in CUSTOMERS.items():
        change(platform, "createCustomer", slug=slug, name=name)
    for plugin in ("site_map", "reachability"):
        change(platform, "enablePlugin", plugin=plugin, enableDependencies=True, reason="Ordered by Acme")
        change(platform, "enableCustomerPlugin", customer="acme", plugin=plugin, enableDependencies=True)
    change(platform, "enableCustomerPlugin", customer="harbour", plugin="device_inventory")
    for name, (latitude, longitude) in SITES.items():
        change(platform, "setSite", view="acme", name=name, latitude=latitude, longitude=longitude)
    for name in DEVICES:
        change(platform, "createDevice", view="acme", name=name)
    ids = ask(platform, "{ sites { nodes { id name } } devices { nodes { id name } } }", view="acme")
    sites, devices = ({each["name"]: each["id"] for each in ids[kind]["nodes"]} for kind in ("sites", "devices"))
    for device, site in DEVICES.items():
        change(platform, "placeDevice", view="acme", device=devices[device], site=sites[site])


def change(client: Client, field: str, *, view: str = "", **values: Any) -> None:
    """One mutation, which may not be refused."""
    query = MUTATION.format(name=field[0].upper() + field[1:], field=field)
    answer = ask(client, query, view=view, input=values)[field]
    if "code" in answer:
        raise RuntimeError(f"{field} was refused: {answer['message']}")


def ask(client: Client, query: str, *, view: str = "", **variables: Any) -> Any:
    """The data of an operation in the customer's view, or in that of the platform."""
    answer = client.post_graphql(query, path=f"/graphql/{view}/" if view else "/graphql/", **variables).json()
    if "errors" in answer:
        raise RuntimeError(f"{query} failed: {answer['errors']}")
    return answer["data"]
