"""What is asked in each case, of webnet and of the bare view, and the ratio that is to be reached."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, cycle
from urllib.parse import urlencode

from benchmarks.bench.made_data import CUSTOMER_TOKEN, PLATFORM_TOKEN
from benchmarks.bench.sizes import CUSTOMER, PLUGIN, Sizes, name_customer, name_plugin

# 304 is how webnet says that an answer is still the same.
GOOD = (200, 304)


@dataclass(frozen=True)
class Request:
    """One request; `headers` are those beside the content type.

    With `is_conditional` it asks for the answer only if that differs from the last one at its path (RFC 9110, 13.1.2).
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    is_conditional: bool = False


class EntityTags:
    """Remembers the entity tags of answers, and sends them as a client does."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}

    def complete(self, request: Request) -> Request:
        tag = self._tags.get(request.path) if request.is_conditional else None
        return request if tag is None else replace(request, headers=(*request.headers, ("If-None-Match", tag)))

    def note(self, request: Request, headers: Iterable[tuple[str, str]]) -> None:
        for name, value in headers if request.is_conditional else ():
            if name.lower() == "etag":
                self._tags[request.path] = value


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
    Case("q1e", "Q1 again, by its ETag", 1.0),
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
    pair = {"customer": name_customer(CUSTOMER), "plugin": name_plugin(PLUGIN % sizes.plugins)}
    asked = urlencode({"query": " ".join(PLUGINS.split())})
    token = (("Authorization", f"Bearer {CUSTOMER_TOKEN}"),)
    toggles = [TOGGLE % (verb, verb.lower(), verb) for verb in ("Disable", "Enable")]
    repeated = {
        "q1u": [graphql(CUSTOMER_PATH, PLUGINS, {})],
        "q1e": [Request("GET", f"{CUSTOMER_PATH}?{asked}", headers=token, is_conditional=True)],
        "q2": [graphql("/graphql/", AUDIT_LOG, {}, token=PLATFORM_TOKEN)],
        "q2k": [graphql("/graphql/", AUDIT_LOG, {"after": places.cursor}, token=PLATFORM_TOKEN)],
        "m1": [graphql(CUSTOMER_PATH, document, {"input": pair}) for document in toggles],
    }
    if case in repeated:
        return cycle(repeated[case])
    # A variable that the document does not use: webnet may keep the answer to a request, but not to this one.
    document, variables = (PLUGINS, {}) if case == "q1" else (PLUGIN_CONFIG, pair)
    return (graphql(CUSTOMER_PATH, document, {**variables, "request": number}) for number in count())


def requests_of_bare(case: str, sizes: Sizes, places: Places) -> Iterator[Request]:
    """The same work, asked of the bare view."""
    plugin, customer = name_plugin(PLUGIN % sizes.plugins), places.customer_id
    states = ({"customer": customer, "name": plugin, "enabled": enabled} for enabled in (False, True))
    plugins = Request("GET", f"/plugins?customer={customer}")
    repeated = {
        "q1": [plugins],
        "q1u": [plugins],
        "q1e": [plugins],
        "q2": [Request("GET", f"/audit-log?before={places.last}")],
        "q2k": [Request("GET", f"/audit-log?before={places.position}")],
        "q3": [Request("GET", f"/plugin?customer={customer}&name={plugin}")],
        "m1": [Request("POST", "/switch", json.dumps(state).encode()) for state in states],
    }
    return cycle(repeated[case])


def graphql(path: str, document: str, variables: dict[str, object], *, token: str = CUSTOMER_TOKEN) -> Request:
    body = json.dumps({"query": " ".join(document.split()), "variables": variables}).encode()
    return Request("POST", path, body, (("Authorization", f"Bearer {token}"),))
