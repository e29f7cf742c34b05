"""What users, tokens and addresses may spend in a minute: who pays, who is refused, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member
from webnet.accounts.authentication import network_of
from webnet.api.request import rates as module
from webnet.api.request.rates import MOST_BUCKETS, REQUEST_POINTS, STRANGER_POINTS, Buckets, Claim, Rates
from webnet.api.responses import STREAM_TYPE
from webnet.plugins.models import ReportedProblem
from webnet.plugins.runtime import reported_problems
from webnet.plugins.runtime.reported_problems import ReportedKind

QUERY, QUERY_POINTS = "{ __typename }", 1
database = pytest.mark.django_db(transaction=True)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of fresh buckets."""
    clock = Clock()
    monkeypatch.setattr(module, "monotonic", clock)
    monkeypatch.setattr(module, "rates", Rates())
    return clock


@pytest.fixture
def limit(settings: object, clock: Clock) -> Callable[..., None]:
    """Set how many requests a minute each kind may send."""

    def set_limits(**requests: int) -> None:
        for kind, number in requests.items():
            setattr(settings, f"WEBNET_{kind.upper()}_POINTS_PER_MINUTE", number * (REQUEST_POINTS + QUERY_POINTS))

    return set_limits


def claim(key: str, *, kind: str = "user", per_minute: int = 600) -> Claim:
    return Claim(kind=kind, key=key, whose="by this user", per_minute=per_minute)


def test_a_bucket_holds_a_minute_and_fills_again_evenly() -> None:
    buckets, user = Buckets(), [claim("ada")]

    def ask(points: int, now: float) -> float:
        return buckets.take(user, points=points, processes=1, now=now).seconds

    assert ask(600, now=0) == 0
    assert ask(10, now=0) == pytest.approx(1)
    assert ask(10, now=1) == 0
    assert ask(600, now=61) == 0


def test_a_full_bucket_gives_all_of_it_whatever_the_clock_says() -> None:
    """Sums of a time are rounded, so that some of these would be too much by a part of a picosecond."""
    times = [number / 7 for number in range(1, 2_000)]

    assert [now for now in times if Buckets().take([claim("ada")], points=600, processes=1, now=now).seconds] == []


def test_what_costs_more_than_a_minute_needs_a_full_bucket_and_is_paid_off_later() -> None:
    buckets, user = Buckets(), [claim("ada")]

    assert buckets.take(user, points=1_200, processes=1, now=0).seconds == 0

    # It owes 600 points: a minute, and then one point.
    assert buckets.take(user, points=10, processes=1, now=0).seconds == pytest.approx(61)
    assert buckets.take(user, points=1_200, processes=1, now=61).seconds == pytest.approx(59)


def test_each_process_has_its_part_of_the_points() -> None:
    buckets, user = Buckets(), [claim("ada")]

    taken = [buckets.take(user, points=100, processes=3, now=0).seconds for _ in range(3)]

    assert [seconds == 0 for seconds in taken] == [True, True, False]


def test_a_refusal_takes_nothing_from_the_other_buckets() -> None:
    buckets, poor, rich = Buckets(), claim("ada"), claim("192.0.2.1", kind="address")
    buckets.take([poor], points=600, processes=1, now=0)

    refused = buckets.take([rich, poor], points=600, processes=1, now=0)

    assert (refused.place, refused.seconds > 0) == (1, True)
    assert buckets.take([rich], points=600, processes=1, now=0).seconds == 0


def test_buckets_are_bounded_and_those_of_users_are_not_lost_to_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BUCKETS", 3)
    buckets, user, numbers = Buckets(), claim("ada"), count()
    buckets.take([user], points=600, processes=1, now=0)

    for _ in range(100):
        buckets.take([claim(str(next(numbers)), kind="address")], points=600, processes=1, now=0)

    assert len(buckets) == 3 + 1
    assert buckets.take([user], points=600, processes=1, now=0).seconds > 0
    assert buckets.take([claim("99", kind="address")], points=600, processes=1, now=0).seconds > 0
    assert buckets.take([claim("96", kind="address")], points=600, processes=1, now=0).seconds == 0
    assert MOST_BUCKETS <= 100_000


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_ipv6_address_stands_for_its_network(address: str, expected: str) -> None:
    assert network_of(address) == expected


@database
def test_who_has_spent_the_minute_is_refused_until_then(limit: Callable[..., None], clock: Clock) -> None:
    client = GraphQLClient.of(make_member("vera", make_customer()))
    limit(token=2, address=1_000)
    assert [client.send({"query": QUERY}).status_code for _ in range(2)] == [200, 200]

    refused = client.send({"query": QUERY})

    (error,) = refused.json()["errors"]
    assert (refused.status_code, refused["Retry-After"]) == (429, "30")
    assert error == {
        "message": "Too many requests with this token: wait 30 s.",
        "extensions": {"code": "RATE_LIMITED", "retryAfterSeconds": 30},
    }
    clock.now += 30
    assert client.send({"query": QUERY}).status_code == 200


@database
def test_a_user_pays_in_all_sessions_and_with_all_tokens(limit: Callable[..., None]) -> None:
    vera, gus = make_member("vera", acme := make_customer()), make_member("gus", acme)
    limit(user=5, token=2)
    first, second, other = GraphQLClient(), GraphQLClient(), GraphQLClient()
    for client, user in ((first, vera), (second, vera), (other, gus)):
        client.http.force_login(user)
    tokens = GraphQLClient.of(vera), GraphQLClient.of(vera)

    def ask(client: GraphQLClient) -> int:
        return client.send({"query": QUERY}).status_code

    assert [ask(tokens[0]), ask(tokens[0]), ask(tokens[0]), ask(tokens[1])] == [200, 200, 429, 200]
    assert [ask(first), ask(second), ask(first), ask(second)] == [200, 200, 429, 429]
    assert ask(tokens[1]) == 429  # though only one of its two requests was sent
    assert ask(other) == 200


@database
def test_all_of_an_address_share_what_it_may_spend_and_strangers_have_less(limit: Callable[..., None]) -> None:
    vera, gus = (GraphQLClient.of(make_member(name, make_customer(name))) for name in ("vera", "gus"))
    limit(user=2, token=100, address=5)
    here = {"REMOTE_ADDR": "2001:db8::1"}
    there = {"REMOTE_ADDR": "2001:db8::2"}  # the same network
    nobody, away = GraphQLClient(), GraphQLClient()

    def ask(client: GraphQLClient, origin: dict[str, str]) -> int:
        client.http.defaults.update(origin)
        return client.send({"query": "{ __typename }"}).status_code

    assert [ask(nobody, here), ask(nobody, there), ask(nobody, here)] == [200, 200, 429]
    assert [ask(vera, here), ask(vera, there), ask(gus, here), ask(gus, there)] == [200, 200, 200, 429]
    assert ask(away, {"REMOTE_ADDR": "2001:db8:0:1::1"}) == 200


@database
@pytest.mark.parametrize("view", [None, "nowhere"])
def test_who_is_not_let_in_pays_more(view: str | None, limit: Callable[..., None]) -> None:
    times = STRANGER_POINTS // REQUEST_POINTS
    limit(user=2 * times)
    client = GraphQLClient(token="wn_wrong") if view is None else GraphQLClient.of(make_member("vera", make_customer()))

    answers = [client.at(view).send({"query": QUERY}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404 if view else 401] * 2 + [429]
    assert GraphQLClient().send({"query": QUERY}).status_code == 429


@database
@pytest.mark.parametrize(("body", "status"), [(b"{", 400), ({"query": "{"}, 200), ({"query": "{ nothing }"}, 200)])
def test_what_is_refused_is_paid_as_well(body: object, status: int, limit: Callable[..., None]) -> None:
    limit(user=1)
    nobody = GraphQLClient()

    assert [nobody.send(body).status_code for _ in range(2)] == [status, 429]


@database
def test_opening_a_stream_is_paid(limit: Callable[..., None]) -> None:
    limit(user=1)
    query = {"query": "subscription { pluginEvents { cursor } }"}

    async def open_stream() -> int:
        answer = await AsyncClient().post(
            "/graphql/", query, content_type="application/json", headers={"Accept": STREAM_TYPE}
        )
        return answer.status_code

    assert GraphQLClient().send({"query": QUERY}).status_code == 200
    assert async_to_sync(open_stream)() == 429


@database
def test_no_limit_is_0_and_no_request_writes_a_row(
    limit: Callable[..., None], django_assert_num_queries: Callable[..., object]
) -> None:
    nobody = GraphQLClient()
    limit(user=0, address=0)
    assert {nobody.send({"query": QUERY}).status_code for _ in range(5)} == {200}

    limit(user=1, address=1)
    with django_assert_num_queries(0):
        answers = [nobody.send({"query": "{ __typename }"}).status_code for _ in range(2)]

    assert answers == [200, 429]
    reported_problems.store()
    assert ReportedProblem.objects.get(kind=ReportedKind.BUDGET_EXHAUSTED.value).count >= 1


@database
def test_an_operation_is_paid_by_its_cost_as_well_if_need_be_on_credit(
    limit: Callable[..., None], clock: Clock
) -> None:
    limit(token=2)
    ada = GraphQLClient.of(make_member("ada", make_customer()))
    # Costs more points than are left after those of the request.
    many = "{ plugins(first: 100) { edges { node { name } } } }"

    answers = [ada.send({"query": query}).status_code for query in (many, QUERY)]
    clock.now += 70
    answers.append(ada.send({"query": QUERY}).status_code)

    assert answers == [200, 429, 200]
