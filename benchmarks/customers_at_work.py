"""Customers that read and change on a server, and streams that follow them: each answer is checked for its age."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any

from benchmarks.http_connection import Answer, Connection
from tests.servers import Server

LATEST_SECONDS = 10.0
TIMEOUT_SECONDS = 60.0
WARMING_SECONDS = 300.0
# How long an operator waits after a change was seen by all, and a reader after an answer: on average, evenly spread.
# Two cores that also run this program have some time left, so that what is measured is not a queue.
CHANGE_PAUSE_SECONDS, READ_PAUSE_SECONDS = 10.0, 2.0
CONFIG = '{ customerPluginConfig(customer: %s, plugin: "shelf") { effective effectiveSettings } }'
LATEST_CHANGE = '{ pluginAuditLogs(first: 1, filter: {plugin: ["shelf"]}) { edges { node { reason } } } }'
# A field of the plugin that is switched: the schema has it while the plugin is on.
PLUGIN_FIELD = "{ firstBook { title } }"
EVENTS = 'subscription { pluginEvents(filter: {plugin: ["shelf"]}) { node { reason customer { slug } } } }'
READS = {
    "plugins": "{ plugins { edges { node { name version status enabled } } } viewer { user { username } } }",
    "devices": "{ devices(first: 20) { totalCount edges { node { name host status } } } }",
    "page": "{ currentCustomer { name viewerRole } navigationItems { label url } dashboardWidgets { title data } }",
}
AUDIT_PAGE = "{ pluginAuditLogs(first: 20) { edges { cursor node { action actorName reason before after } } } }"
PLATFORM = "{ customers(first: 20) { edges { node { slug name } } } plugins { edges { node { name enabled } } } }"
CHANGE = """mutation($input: %(kind)sInput!) { %(name)s(input: $input) {
    ... on %(kind)sPayload { changed } ... on Refusal { code message } } }"""
CREATE_DEVICE = """mutation($input: CreateDeviceInput!) { createDevice(input: $input) {
    ... on CreateDevicePayload { device { name } } ... on Refusal { code message } } }"""


@dataclass(frozen=True)
class State:
    """What a customer has after a change."""

    is_on: bool
    limit: int


@dataclass
class Customer:
    """What its operator has changed: the state after each change that was sent, and how many of them were answered."""

    slug: str
    states: list[State] = field(default_factory=lambda: [State(is_on=True, limit=10)])
    answered: int = 0
    has_finished: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def users(self) -> tuple[str, str]:
        """The operator and the viewer."""
        return f"{self.slug}-operator", f"{self.slug}-viewer"

    def next_change(self) -> tuple[str, dict[str, Any]]:
        """The mutation that is sent now, with its input: off, on, a setting, and so on."""
        number, last = len(self.states), self.states[-1]
        given: dict[str, Any] = {"customer": self.slug, "plugin": "shelf", "reason": str(number)}
        if number % 3 == 0:
            self.states.append(State(is_on=last.is_on, limit=number))
            return "updateCustomerPluginSettings", given | {"settings": {"limit": number}}
        self.states.append(State(is_on=not last.is_on, limit=last.limit))
        return ("disable" if last.is_on else "enable") + "CustomerPlugin", given

    def find_stale(self, since: int, *, shown: dict[str, Any]) -> list[str]:
        """What of an answer nobody may see who asked when `since` changes were answered, and has got it now.

        Until a change is answered, some see it and some do not, so each that was sent meanwhile may be shown.
        """
        possible = dict(enumerate(self.states[since:], start=since))
        allowed = {
            "is_on": {state.is_on for state in possible.values()},
            "limit": {state.limit for state in possible.values()},
            "number": set(possible),
        }
        return [name for name, value in shown.items() if value not in allowed[name]]

    async def tell(self, *, has_finished: bool = False) -> None:
        """Wake the streams: another change was answered, or there will be none."""
        async with self.changed:
            self.has_finished = has_finished
            self.answered += not has_finished
            self.changed.notify_all()


@dataclass
class Work:
    """All customers at work on a server, the seconds of each kind of request, and what went wrong, how often."""

    server: Server
    tokens: dict[str, str]
    customers: list[Customer]
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: Counter[str] = field(default_factory=Counter)
    events: int = 0
    answers: int = 0
    # Which pauses there are, and not a secret.
    _chance: random.Random = field(default_factory=lambda: random.Random(12))  # noqa: S311
    _deadline: float = 0.0
    _pauses: float = 0.0

    async def warm_up(self) -> None:
        """Three changes of each customer, and reads: what every process keeps is there afterwards."""
        self._deadline = monotonic() + WARMING_SECONDS
        # One after the other: without pauses, as many at once as there are customers would wait for each other's locks.
        for customer in self.customers:
            await asyncio.gather(self._operate(customer, changes=3), self._read(customer, answers=10))
        self.seconds.clear()

    async def run(self, seconds: float) -> None:
        """All work of all customers for so long."""
        self._deadline, self._pauses = monotonic() + seconds, 1.0
        work = [each(customer) for customer in self.customers for each in (self._operate, self._read)]
        await asyncio.gather(*work, self._look_at_all())

    async def open_streams(self, count: int) -> list[asyncio.Task[None]]:
        """So many streams, shared out among the customers, by their operators and the platform's; all are open."""
        following: list[asyncio.Task[None]] = []
        for number in range(count):
            customer = self.customers[number % len(self.customers)]
            user = "root" if number // len(self.customers) % 2 else customer.users[0]
            opened = asyncio.Event()
            following.append(asyncio.create_task(self._follow(customer, user, opened)))
            await opened.wait()
        return following

    async def end_streams(self, following: list[asyncio.Task[None]]) -> None:
        """Wait until each has got all changes that were answered."""
        for customer in self.customers:
            await customer.tell(has_finished=True)
        await asyncio.gather(*following)

    def table(self) -> Iterator[str]:
        """How long each kind of request took."""
        yield f"{'':32}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}"
        for kind, times in sorted(self.seconds.items()):
            cuts = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
            yield f"{kind:32}{len(times):>9}{1000 * cuts[49]:>9.1f}{1000 * cuts[98]:>9.1f}"

    def fault(self, text: str) -> None:
        self.faults[text] += 1

    async def _operate(self, customer: Customer, *, changes: int | None = None) -> None:
        """Change something, have everybody look at once, and wait."""
        operator, viewer, root = (self._connect(name) for name in (*customer.users, "root"))
        made = 0
        while made != changes and await self._pause(CHANGE_PAUSE_SECONDS):
            if not await self._change(customer, operator):
                return  # What the customer has now, nobody can say.
            await asyncio.gather(
                self._see_state(customer, operator), self._see_state(customer, viewer), self._see_schema(customer, root)
            )
            await asyncio.gather(self._see_log(customer, operator), self._see_schema(customer, viewer))
            made += 1

    async def _change(self, customer: Customer, operator: Connection) -> bool:
        name, given = customer.next_change()
        kind = name[0].upper() + name[1:]
        data = await self._ask(operator, customer.slug, name, CHANGE % {"kind": kind, "name": name}, input=given)
        if data is None:
            return False
        if data[name]["changed"] is not True:
            self.fault(f"{name} changed nothing")
        await customer.tell()
        return True

    async def _read(self, customer: Customer, *, answers: int | None = None) -> None:
        """What the customer's people do beside that."""
        operator, viewer = (self._connect(name) for name in customer.users)
        given = 0
        while given != answers and await self._pause(READ_PAUSE_SECONDS):
            turn = self._chance.randrange(12)
            if turn == 0:
                device = {"name": f"device-{self._chance.randrange(10**9)}", "host": "192.0.2.1"}
                await self._ask(operator, customer.slug, "create device", CREATE_DEVICE, input=device)
            elif turn < 4:
                await self._see_state(customer, viewer)
            elif turn < 6:
                await self._ask(operator, customer.slug, "audit page", AUDIT_PAGE)
            else:
                kind = self._chance.choice(list(READS))
                await self._ask(viewer, customer.slug, kind, READS[kind])
            given += 1

    async def _look_at_all(self) -> None:
        """The platform's operator, on the platform's view."""
        root = self._connect("root")
        while await self._pause(READ_PAUSE_SECONDS):
            await self._ask(root, "", "platform", PLATFORM)
            await self._see_state(self._chance.choice(self.customers), root, view="")

    async def _see_state(self, customer: Customer, who: Connection, *, view: str | None = None) -> None:
        """Whether the plugin is on, and its settings."""
        since, query = customer.answered, CONFIG % json.dumps(customer.slug)
        data = await self._ask(who, customer.slug if view is None else view, "plugin's state", query)
        if data is not None:
            config = data["customerPluginConfig"]
            shown = {"is_on": config["effective"], "limit": config["effectiveSettings"]["limit"]}
            self._check(customer, since, "the plugin's state", shown)

    async def _see_schema(self, customer: Customer, who: Connection) -> None:
        """The schema has the plugin's field, or has it not."""
        since = customer.answered
        answer = await self._send(who, customer.slug, "plugin's field", PLUGIN_FIELD)
        if answer is None:
            return
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        if codes - {"GRAPHQL_VALIDATION_FAILED"}:
            self.fault(f"plugin's field: {codes}")
        else:
            self._check(customer, since, "the schema", {"is_on": not codes})

    async def _see_log(self, customer: Customer, who: Connection) -> None:
        """The latest row of the audit log."""
        since = customer.answered
        data = await self._ask(who, customer.slug, "latest change", LATEST_CHANGE)
        if data is not None:
            numbers = [int(edge["node"]["reason"]) for edge in data["pluginAuditLogs"]["edges"]]
            self._check(customer, since, "the audit log", {"number": max(numbers, default=0)})

    def _check(self, customer: Customer, since: int, what: str, shown: dict[str, Any]) -> None:
        for name in customer.find_stale(since, shown=shown):
            self.fault(f"stale: {what}, {name}")

    async def _follow(self, customer: Customer, user: str, opened: asyncio.Event) -> None:
        """One stream: all changes, in order, each within its time after its answer."""
        connection, last = self._connect(user), customer.answered
        try:
            async with connection.stream(f"/graphql/{customer.slug}/", {"query": EVENTS}) as events:
                opened.set()
                while await self._is_changed(customer, last):
                    last += 1
                    began = perf_counter()
                    event = await asyncio.wait_for(anext(events), LATEST_SECONDS)
                    self.seconds["event, after the answer"].append(perf_counter() - began)
                    self.events += 1
                    node = ((event.get("data") or {}).get("pluginEvents") or {}).get("node")
                    if node != {"reason": str(last), "customer": {"slug": customer.slug}}:
                        return self.fault(f"a stream has lost or doubled an event: {str(event)[:200]}")
        except TimeoutError:
            self.fault(f"an event came later than {LATEST_SECONDS:.0f} s, or not at all")
        except (OSError, EOFError, StopAsyncIteration) as error:
            self.fault(f"a stream has ended: {error!r}")
        finally:
            opened.set()

    async def _is_changed(self, customer: Customer, last: int) -> bool:
        """Wait for a change after this one; False if there will be none."""
        async with customer.changed:
            await customer.changed.wait_for(lambda: customer.answered > last or customer.has_finished)
            return customer.answered > last

    async def _ask(self, who: Connection, view: str, kind: str, query: str, **variables: Any) -> dict[str, Any] | None:
        """The data of an answer without errors and refusals; any other is a fault."""
        answer = await self._send(who, view, kind, query, **variables)
        if answer is None:
            return None
        with suppress(ValueError):
            body = answer.json()
            is_refused = any("code" in (each or ()) for each in (body.get("data") or {}).values())
            if answer.status == 200 and "errors" not in body and not is_refused:
                data: dict[str, Any] = body["data"]
                return data
        self.fault(f"{kind}: {answer.status} {answer.text[:300]}")
        return None

    async def _send(self, who: Connection, view: str, kind: str, query: str, **variables: Any) -> Answer | None:
        path = f"/graphql/{view}/" if view else "/graphql/"
        began = perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await who.post(path, {"query": query, "variables": variables})
        except (OSError, EOFError) as error:  # TimeoutError among them
            self.fault(f"{kind}: {error!r}")
            who.close()
            return None
        self.seconds[kind].append(perf_counter() - began)
        self.answers += 1
        return answer

    def _connect(self, username: str) -> Connection:
        return Connection(self.server.host, self.server.port, self.tokens[username])

    async def _pause(self, seconds: float) -> bool:
        """Wait; False at the end of the work, when nobody begins anything more."""
        wanted = 2 * self._chance.random() * seconds * self._pauses
        await asyncio.sleep(max(0.0, min(wanted, self._deadline - monotonic())))
        return monotonic() < self._deadline
