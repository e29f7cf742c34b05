"""What a client gets when the time of its request is over: `DEADLINE_EXCEEDED`, and never for what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from tests.api.client import GraphQLClient
from tests.api.conftest import World
from webnet.api.execution import compiled_selection
from webnet.api.http.kept_answers import kept_answers
from webnet.customers.models import Customer
from webnet.database.deadlines import Deadline
from webnet.plugins.models import PluginConfig
from webnet.plugins.runtime import failures, open_requests

pytestmark = pytest.mark.django_db(transaction=True)

TOO_LATE = {
    "message": "This took longer than 60 seconds and was stopped; nothing was changed. Ask for less at a time.",
    "extensions": {"code": "DEADLINE_EXCEEDED"},
}
LIST = "{ plugins { edges { node { name } } } }"
CREATE = """mutation {
    first: createCustomer(input: {slug: "initech", name: "Initech"}) { __typename }
    second: createCustomer(input: {slug: "hooli", name: "Hooli"}) { __typename }
}"""


class EndingBetweenObjects(Deadline):
    """It is over once several objects of the answer are there, and no statement is running."""

    objects = 0

    def check(self) -> None:
        self.objects += 1
        if self.objects == 4:
            self._ends = 0
        super().check()


class EndingWithCommit(Deadline):
    """It is over at the moment of the first commit."""

    def note_commit(self) -> None:
        super().note_commit()
        self._ends = 0


class EndingBeforeCommit(Deadline):
    """It is over when the answer of the mutation is built, which is before its commit."""

    def check(self) -> None:
        if self.writes:
            self._ends = 0
        super().check()


@contextmanager
def served(deadline: Deadline, path: str = "/graphql/") -> Iterator[None]:
    with open_requests.working(path, deadline):
        yield


def test_a_request_without_time_is_answered_with_a_code_and_a_sentence(world: World, platform: GraphQLClient) -> None:
    with served(Deadline(0, writes=False)):
        answer = platform.send({"query": LIST})

    assert answer.status_code == 504
    assert answer.json()["errors"][0]["extensions"] == {"code": "DEADLINE_EXCEEDED"}


def test_a_query_ends_between_two_objects_with_one_error_that_counts_against_no_plugin(
    world: World, platform: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_selection, "PAUSE_SECONDS", 0)
    with served(EndingBetweenObjects(60, writes=False)):
        answer = platform.send({"query": LIST})

    assert (answer.status_code, answer.json()) == (504, {"errors": [TOO_LATE]})
    assert not failures.counter.has_counted()


def test_what_is_committed_is_answered_even_if_the_time_is_over_then(world: World, platform: GraphQLClient) -> None:
    """Also that of the first of several mutations, and those after it."""
    with served(EndingWithCommit(60, writes=False)):
        data = platform.data(CREATE)

    assert {name: each["__typename"] for name, each in data.items()} == dict.fromkeys(
        ("first", "second"), "CreateCustomerPayload"
    )
    assert Customer.objects.filter(slug__in=("initech", "hooli")).count() == 2


def test_a_mutation_that_is_not_committed_in_time_changes_nothing(world: World, platform: GraphQLClient) -> None:
    query = """mutation { enablePlugin(input: {plugin: "greeter"}) {
        ... on EnablePluginPayload { plugin { name } } } }"""

    with served(EndingBeforeCommit(60, writes=False)):
        answer = platform.send({"query": query})

    assert answer.status_code == 504
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["DEADLINE_EXCEEDED"]
    assert not PluginConfig.objects.get(name="greeter").enabled


def test_each_mutation_whose_time_is_over_is_null_with_an_error_of_its_own(
    world: World, platform: GraphQLClient
) -> None:
    with served(EndingBeforeCommit(60, writes=False)):
        answer = platform.send({"query": CREATE})

    assert (answer.status_code, answer.json()["data"]) == (504, {"first": None, "second": None})
    assert [(error["path"], error["extensions"]["code"]) for error in answer.json()["errors"]] == [
        (["first"], "DEADLINE_EXCEEDED"),
        (["second"], "DEADLINE_EXCEEDED"),
    ]
    assert not Customer.objects.filter(slug__in=("initech", "hooli")).exists()


@pytest.mark.parametrize("path", ["/", "/c/acme/", "/admin/", "/admin/customers/customer/", "/invitations/x/"])
def test_a_page_says_it_in_a_sentence(world: World, client: Client, path: str) -> None:
    client.force_login(world.platform)

    with served(Deadline(0, writes=False), path):
        answer = client.get(path)

    assert answer.status_code == 504
    assert "This took longer than 0 seconds and was stopped; nothing was changed." in answer.content.decode()


def test_signing_in_is_refused_in_a_sentence_and_nobody_is_signed_in(world: World, client: Client) -> None:
    with served(Deadline(0, writes=True), "/sign-in/"):
        answer = client.post("/sign-in/", {"username": world.platform.username, "password": "any"})

    assert answer.status_code == 504
    assert "_auth_user_id" not in client.session


def test_a_query_gives_way_between_its_objects(world: World, platform: GraphQLClient, monkeypatch) -> None:
    with open_requests.working("/graphql/", Deadline(60, writes=False)) as work:
        work.started -= 30
        platform.data(LIST)
        assert work.given_seconds == 0
        # One that stays quick, however long the test takes.
        other = open_requests.Work(thread=-1, deadline=Deadline(60, writes=False), started=work.started + 3_600)
        monkeypatch.setitem(open_requests._works, other.thread, other)
        kept_answers.clear()
        platform.data(LIST)

    assert work.given_seconds > 0


def test_a_breakpoint_may_take_its_time(settings) -> None:
    assert open_requests.make_deadline(writes=False) is not None

    settings.DEBUG = True

    assert open_requests.make_deadline(writes=False) is None
