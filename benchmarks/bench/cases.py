"""What is asked in each case, of webnet and of the bare view, and the ratio that is to be reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle

from benchmarks.bench.made_data import CUSTOMER_TOKEN, PLATFORM_TOKEN
from benchmarks.bench.sizes import CUSTOMER, PLUGIN, Sizes, name_customer, name_plugin

PAGE = 50


@dataclass(frozen=True)
class Request:
    """One request; `headers` are those beside the content type."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Case:
    """A kind of request, as webnet and as the bare view are asked for it; peers have it under `name` or not at all.

    `to_reach` is how many times as long as the bare view webnet may take, and `most_statements` how many statements it
    may need; with `beside`, the ratio is to webnet's own figures of that case.
    """

    name: str
    title: str
    to_reach: float
    most_statements: int | None = None
    beside: str = ""


CASES = (
    Case("q1", "Q1: all plugins × 10 fields", 2.5),
    Case("q1u", "Q1 again, unchanged", 1.0),
    Case("q2", "Q2: 50 audit rows", 2.5),
    Case("q2k", "Q2, deep by cursor", 1.2, beside="q2"),
    Case("q3", "Q3: one plugin", 1.7),
    Case("m1", "M1: toggle with audit row", 4.0, most_statements=12),
)
NAMES = tuple(case.name for case in CASES)

CONFIG_FIELDS = """
    effective effectiveSettings updatedAt plugin { name verboseName version author description availability enabled }
"""
PLUGINS = f"query Q1 {{ currentCustomer {{ pluginConfigs(first: 100) {{ edges {{ node {{ {CONFIG_FIELDS} }} }} }} }} }}"
PLUGIN_CONFIG = f"""query Q3($customer: String!, $plugin: String!) {{
    customerPluginConfig(customer: $customer, plugin: $plugin) {{ {CONFIG_FIELDS} }} }}"""
AUDIT_LOG = """query Q2($after: String) { pluginAuditLogs(first: 50, after: $after) {
    edges { node { id createdAt action outcome reason after plugin { name } user { username } } } } }"""
TOGGLE = """mutation M1($input: %sCustomerPluginInput!) { %sCustomerPlugin(input: $input) {
    ... on %sCustomerPluginPayload { changed config { plugin { name } effective } }
    ... on Refusal { code message } } }"""
CUSTOMER_PATH = f"/graphql/{name_customer(CUSTOMER)}/"


@dataclass(frozen=True)
class Places:
    """What only the made rows say: the customer's id, and where a deep page of the log begins.

    `cursor` is webnet's, sealed by its key, and `position` that of the same row.
    """

    customer_id: int
    cursor: str | None
    position: int
    last: int = field(default=2**62)


def requests_of_webnet(case: str, sizes: Sizes, places: Places) -> Iterator[Request]:
    """The requests of a case, one after the other, without an end."""
    plugin = name_plugin(PLUGIN % sizes.plugins)
    match case:
        case "q1":
            # A variable that the document does not use: webnet may keep the answer to a request, but not to this one.
            for number in count():
                yield graphql(CUSTOMER_PATH, PLUGINS, {"request": number})
        case "q1u":
            yield from cycle([graphql(CUSTOMER_PATH, PLUGINS, {})])
        case "q2":
            yield from cycle([graphql("/graphql/", AUDIT_LOG, {}, token=PLATFORM_TOKEN)])
        case "q2k":
            yield from cycle([graphql("/graphql/", AUDIT_LOG, {"after": places.cursor}, token=PLATFORM_TOKEN)])
        case "q3":
            for number in count():
                wanted = {"customer": name_customer(CUSTOMER), "plugin": plugin, "request": number}
                yield graphql(CUSTOMER_PATH, PLUGIN_CONFIG, wanted)
        case _:
            wanted = {"input": {"customer": name_customer(CUSTOMER), "plugin": plugin}}
            both = [("disable", "Disable"), ("enable", "Enable")]
            documents = [TOGGLE % (kind, verb, kind) for verb, kind in both]
            yield from cycle([graphql(CUSTOMER_PATH, document, wanted) for document in documents])


def requests_of_bare(case: str, sizes: Sizes, places: Places) -> Iterator[Request]:
    """The same work, asked of the bare view."""
    plugin, customer = name_plugin(PLUGIN % sizes.plugins), places.customer_id
    get: Callable[[str], Iterator[Request]] = lambda path: cycle([Request("GET", path)])  # noqa: E731 - for one line each
    match case:
        case "q1" | "q1u":
            yield from get(f"/plugins?customer={customer}")
        case "q2":
            yield from get(f"/audit-log?before={places.last}")
        case "q2k":
            yield from get(f"/audit-log?before={places.position}")
        case "q3":
            yield from get(f"/plugin?customer={customer}&name={plugin}")
        case _:
            states = ({"customer": customer, "name": plugin, "enabled": enabled} for enabled in (False, True))
            yield from cycle([Request("POST", "/switch", json.dumps(state).encode()) for state in states])


def graphql(path: str, document: str, variables: dict[str, object], *, token: str = CUSTOMER_TOKEN) -> Request:
    body = json.dumps({"query": " ".join(document.split()), "variables": variables}).encode()
    return Request("POST", path, body, (("Authorization", f"Bearer {token}"),))
