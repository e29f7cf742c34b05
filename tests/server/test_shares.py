"""Fair shares of the threads: who a request counts for, whose turn is next, and what one customer can't take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_membership, make_operator
from webnet.errors import ServerBusy
from webnet.server.asgi import admission, shares
from webnet.server.asgi.admission import ThreadQueue
from webnet.server.asgi.router import answer_request
from webnet.server.asgi.shares import STRANGERS, Caller, Callers

PATIENCE_SECONDS = 30


def caller_of(share: str, member: str = "") -> Caller:
    return Caller(share=share, member=member)


class Jobs:
    """Requests to one queue, each of which holds its thread until a test lets it go; used on the event loop."""

    def __init__(self, threads: int) -> None:
        self.queue = ThreadQueue("test", threads=threads, lock_seconds=1, patience_seconds=None)
        self.ends: dict[str, Event] = {}
        self.tasks: dict[str, asyncio.Future[None]] = {}
        self._begun: SimpleQueue[str] = SimpleQueue()

    async def ask(self, name: str, caller: Caller) -> None:
        """Send a request; returns once it waits, or has a thread."""
        end = self.ends[name] = Event()

        def work() -> None:
            self._begun.put(name)
            end.wait(PATIENCE_SECONDS)

        self.tasks[name] = asyncio.ensure_future(self.queue.run(work, caller=caller, left=asyncio.Future()))
        await asyncio.sleep(0)

    async def next_begun(self) -> str:
        """The name of the next request that has got a thread."""
        return await asyncio.to_thread(self._begun.get, timeout=PATIENCE_SECONDS)

    async def end(self, name: str) -> None:
        """Let the request end; returns once its thread was given to whoever is next."""
        self.ends[name].set()
        await self.tasks[name]


@asynccontextmanager
async def jobs_on(threads: int) -> AsyncIterator[Jobs]:
    jobs = Jobs(threads)
    try:
        yield jobs
    finally:
        while not all(task.done() for task in jobs.tasks.values()):
            for end in jobs.ends.values():
                end.set()
            await asyncio.wait(jobs.tasks.values(), timeout=PATIENCE_SECONDS)
        jobs.queue.shut_down()


def run(story: Callable[[], Any]) -> Any:
    return asyncio.run(asyncio.wait_for(story(), PATIENCE_SECONDS))


def test_a_customer_with_a_hundred_slow_requests_leaves_half_of_the_threads_to_others() -> None:
    async def story() -> tuple[set[str], int, str, str]:
        async with jobs_on(4) as jobs:
            for number in range(100):
                await jobs.ask(f"acme {number}", caller_of("customer 1", str(number % 7)))
            begun = {await jobs.next_begun(), await jobs.next_begun()}
            waiting = jobs.queue.waiting
            await jobs.ask("globex", caller_of("customer 2"))
            globex = await jobs.next_begun()
            await jobs.ask("initech", caller_of("customer 3"))
            return begun, waiting, globex, await jobs.next_begun()

    assert run(story) == ({"acme 0", "acme 1"}, 98, "globex", "initech")


def test_shares_that_wait_have_turns_and_so_have_the_members_of_each() -> None:
    async def story() -> list[str]:
        async with jobs_on(1) as jobs:
            await jobs.ask("first", caller_of("customer 9"))
            for name, share, member in [
                ("acme vera 1", "customer 1", "vera"),
                ("acme vera 2", "customer 1", "vera"),
                ("acme ann 1", "customer 1", "ann"),
                ("globex gus 1", "customer 2", "gus"),
                ("globex gus 2", "customer 2", "gus"),
                ("stranger 1", STRANGERS, "192.0.2.1"),
            ]:
                await jobs.ask(name, caller_of(share, member))
            order = [await jobs.next_begun()]
            for _ in range(6):
                await jobs.end(order[-1])
                order.append(await jobs.next_begun())
            return order[1:]

    assert run(story) == ["acme vera 1", "globex gus 1", "stranger 1", "acme ann 1", "globex gus 2", "acme vera 2"]


def test_a_thread_that_is_left_free_for_others_is_not_given_to_who_has_as_many() -> None:
    async def story() -> tuple[int, str]:
        async with jobs_on(2) as jobs:
            await jobs.ask("acme 1", caller_of("customer 1"))
            await jobs.ask("acme 2", caller_of("customer 1"))
            waiting = jobs.queue.waiting
            await jobs.next_begun()
            await jobs.end("acme 1")
            return waiting, await jobs.next_begun()

    assert run(story) == (1, "acme 2")


def test_who_hangs_is_replaced_and_the_others_of_the_share_go_on() -> None:
    async def story() -> list[str]:
        async with jobs_on(1) as jobs:
            await jobs.ask("hanging", caller_of("customer 1"))
            await jobs.ask("acme", caller_of("customer 1"))
            order = [await jobs.next_begun()]
            jobs.queue.add_thread()
            order.append(await jobs.next_begun())
            await jobs.ask("globex", caller_of("customer 2"))
            assert jobs.queue.waiting == 1
            await jobs.end("acme")
            return [*order, await jobs.next_begun()]

    assert run(story) == ["hanging", "acme", "globex"]


def test_a_share_can_not_take_all_places_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAXIMUM_WAITING", 20)

    async def fill(jobs: Jobs, share: str, members: int) -> int:
        """How many requests of the share may wait."""
        before = jobs.queue.waiting
        for number in range(30):
            await jobs.ask(f"{share} {number}", caller_of(share, str(number % members)))
        assert {repr(task.exception()) for task in jobs.tasks.values() if task.done()} == {repr(ServerBusy())}
        return jobs.queue.waiting - before

    async def story() -> tuple[int, int, int, int]:
        async with jobs_on(1) as jobs:
            await jobs.ask("first", caller_of("customer 9"))
            counts = [await fill(jobs, f"customer {number}", members=30) for number in (1, 2)]
            counts += [await fill(jobs, "customer 3", members=1)]
            return (*counts, sum(task.done() for task in jobs.tasks.values()))

    # Half of the places, half of those that are left, and of the last 5 one alone gets 2.
    assert run(story) == (10, 5, 2, 90 - 17)


def scope_of(path: str, *, address: str = "192.0.2.1", **headers: str) -> dict[str, Any]:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"path": path, "root_path": "", "client": (address, 1), "headers": encoded}


def test_whoever_is_not_known_is_a_stranger_of_the_address_whatever_is_sent() -> None:
    callers = Callers()

    found = {
        callers.find(scope_of("/graphql/acme/", authorization="Bearer wn_invented")).member,
        callers.find(scope_of("/graphql/globex/", authorization="Bearer wn_invented too")).member,
        callers.find(scope_of("/c/acme/", cookie="sessionid=invented")).member,
        callers.find(scope_of("/static/webnet.css")).member,
    }

    assert found == {"192.0.2.1"}
    assert callers.find(scope_of("/graphql/acme/", authorization="Bearer wn_invented")).share == STRANGERS
    assert callers.find(scope_of("/", address="2001:db8::1")).member == "2001:db8::/64"
    assert callers.find({**scope_of("/"), "client": None}).member == ""


def test_a_credential_counts_for_the_customer_that_it_was_let_in_for() -> None:
    callers = Callers()
    scopes = [
        scope_of("/graphql/acme/", authorization="Bearer wn_vera"),
        scope_of("/c/acme/", cookie="csrftoken=x; sessionid=ann"),
    ]
    for scope in scopes:
        callers.learn(callers.find(scope), customer_id=7, user_id=1)

    found = [callers.find(scope) for scope in scopes]

    assert {caller.share for caller in found} == {"customer 7"}
    assert len({caller.member for caller in found}) == 2
    assert "vera" not in found[0].member
    # Not what somebody calls a customer, but what was seen.
    assert callers.find(scope_of("/graphql/globex/", authorization="Bearer wn_vera")).share == "customer 7"
    assert callers.find(scope_of("/graphql/acme/", authorization="Bearer wn_other")).share == STRANGERS


def test_a_user_of_several_customers_counts_for_the_one_of_the_view() -> None:
    callers = Callers()
    for path, customer_id in (("/graphql/acme/", 7), ("/graphql/globex/", 8), ("/graphql/", None)):
        scope = scope_of(path, authorization="Bearer wn_vera")
        callers.learn(callers.find(scope), customer_id=customer_id, user_id=1)

    found = {
        path: callers.find(scope_of(path, authorization="Bearer wn_vera")).share
        for path in ("/graphql/acme", "/c/globex/plugins/shelf/", "/graphql", "/graphql/invented", "/admin/")
    }

    assert list(found.values()) == ["customer 7", "customer 8", "user 1", "user 1", "user 1"]


def test_who_is_not_let_in_any_more_is_a_stranger_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(shares, "monotonic", lambda: now)
    callers, scope = Callers(), scope_of("/graphql/acme/", authorization="Bearer wn_vera")
    callers.learn(callers.find(scope), customer_id=7, user_id=1)
    now += shares.KNOWN_SECONDS - 1
    assert callers.find(scope).share == "customer 7"

    callers.learn(callers.find(scope), customer_id=None, user_id=None)
    now += 1

    assert callers.find(scope).share == STRANGERS


def test_what_is_known_is_bounded_and_not_forgotten_for_names_that_somebody_invents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shares, "MOST_KNOWN", 4)
    callers, scope = Callers(), scope_of("/graphql/acme/", authorization="Bearer wn_vera")
    callers.learn(callers.find(scope), customer_id=7, user_id=1)

    for number in range(10):
        invented = scope_of(f"/graphql/invented-{number}/", authorization="Bearer wn_gus")
        callers.learn(callers.find(invented), customer_id=None, user_id=2)
    assert callers.find(scope).share == "customer 7"

    for number in range(4):
        other = scope_of("/graphql/", authorization=f"Bearer wn_{number}")
        callers.learn(callers.find(other), customer_id=8, user_id=number)
    assert callers.find(scope).share == STRANGERS


@pytest.mark.django_db(transaction=True)
def test_an_answer_says_who_was_let_in() -> None:
    acme, globex = make_customer("acme"), make_customer("globex")
    vera, both, root = make_member("vera", acme), make_member("both", acme), make_operator()
    make_membership(both, globex)

    def ask(path: str, user: Any = None, *, session: bool = False, token: str = "") -> tuple[int | None, int | None]:
        client = GraphQLClient.of(user) if user is not None else GraphQLClient(token=token)
        headers = client._headers
        if session:
            client.http.force_login(user)
            headers = {"Cookie": client.http.cookies.output(header="", sep=";").strip()}
        factory = RequestFactory(headers=headers)
        made = factory.get(path, {"query": "{ viewer { user { username } } }"})
        answer = answer_request(get_wsgi_application(), made.environ)
        return answer.customer_id, answer.user_id

    assert ask("/graphql/acme/", vera) == (acme.pk, vera.pk)
    assert ask("/graphql/", vera) == (acme.pk, vera.pk)
    assert ask("/graphql/", both) == (None, both.pk)
    assert ask("/graphql/globex/", both) == (globex.pk, both.pk)
    assert ask("/graphql/globex/", vera) == (None, vera.pk)
    assert ask("/graphql/acme/", root) == (acme.pk, root.pk)
    assert ask("/c/acme/", vera, session=True)[0] == acme.pk
    assert ask("/graphql/", token="wn_wrong") == (None, None)
    assert ask("/graphql/acme/") == (None, None)
