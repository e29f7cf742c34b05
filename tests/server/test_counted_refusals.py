"""Each kind of request that is refused unserved is counted, and what operators have to know of becomes a problem."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from tests.server.test_admission import ACME, busy, make_queue
from tests.server.test_own_responses import answer, part, scope_of
from webnet.accounts.sign_in_throttle import PER_ACCOUNT_HERE, count_attempt
from webnet.api.request.rates import Claim, Rates, rates
from webnet.errors import RateLimited, ServerBusy
from webnet.plugins.models import ReportedProblem
from webnet.plugins.runtime import reported_problems
from webnet.server.asgi import admission, client_messages
from webnet.server.worker import load_application


def spend_points() -> None:
    claim = Claim(kind="user", key="1", whose="by this user", per_minute=1)
    own = Rates()
    own.take([claim], points=1)
    with pytest.raises(RateLimited):
        own.take([claim], points=1)


def fill_queue() -> None:
    async def fill() -> None:
        queue = make_queue()
        async with busy(queue):
            with pytest.raises(ServerBusy):
                await queue.run(lambda: None, caller=ACME, left=asyncio.Future())

    asyncio.run(fill())


def guess_passwords() -> None:
    def guess() -> None:
        count_attempt(username="ada", address="192.0.2.1", device=None)

    for _ in range(PER_ACCOUNT_HERE.free):
        guess()
    with pytest.raises(RateLimited):
        guess()


def send_slowly() -> None:
    answer(scope_of("/graphql/"), part(b"{"))


def send_too_much() -> None:
    answer(scope_of("/graphql/"), part(b"x" * 2_000_000))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("reason", "refuse", "problems"),
    [
        ("points", spend_points, ["budget_exhausted"]),
        ("queue", fill_queue, ["queue_full"]),
        ("sign_in", guess_passwords, []),
        ("slow_body", send_slowly, []),
        ("large_body", send_too_much, []),
    ],
)
def test_what_is_refused_is_counted(
    reason: str, refuse: Callable[[], None], problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAXIMUM_WAITING", 0)
    monkeypatch.setattr(client_messages, "BODY_SECONDS", 0.01)

    def count() -> float:
        return REGISTRY.get_sample_value("webnet_refused_requests_total", {"reason": reason}) or 0

    before = count()
    refuse()

    assert count() == before + 1
    reported_problems.store()
    assert [row.kind for row in ReportedProblem.objects.all()] == problems


def test_a_worker_counts_points_as_one_of_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "processes", 1)

    with socket.socket() as listener:
        load_application(listener.fileno(), workers=3)

    assert rates.processes == 3
