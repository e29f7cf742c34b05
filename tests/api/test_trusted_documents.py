"""Documents that operators trust applications with run by their ids, and where it is wished, no others do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.api.client import GraphQLClient
from tests.api.conftest import World
from tests.api.trusting import PLUGINS, RENAME, SYSTEM, VIEWER, code_of, error_of, id_of, trust
from tests.databases import one_database_is_enough
from tests.factories import PASSWORD, make_member
from webnet.api.documents.ids import digest_of
from webnet.api.documents.lookup import TrustedTexts, trusted_texts
from webnet.api.models import TrustedDocument
from webnet.customers.models import Role
from webnet.plugins.manager import manager
from webnet.server.observability.logs import JsonFormatter

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True)]

SIGN_IN = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { __typename } }"
FOLLOW = "subscription Follow { pluginActivity { edges { cursor } } }"
JSON, GRAPHQL, STREAM = "application/json", "application/graphql-response+json", "text/event-stream"


def apollo(text: str, **more: Any) -> dict[str, Any]:
    """A body as Apollo's link writes it."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}, **more}


def get(client: GraphQLClient, *, accept: str = JSON, **parameters: str) -> HttpResponse:
    headers = {**client._headers, "Accept": accept}
    return client.http.get(f"{client.url}?{urlencode(parameters)}", headers=headers)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    trusted_texts.clear()
    yield
    trusted_texts.clear()


class TestIds:
    @pytest.mark.parametrize(
        "body",
        [
            {"documentId": id_of(PLUGINS)},
            {"documentId": digest_of(PLUGINS)},
            {"documentId": id_of(PLUGINS), "query": PLUGINS},
            {"documentId": id_of(PLUGINS), "query": ""},
            {"documentId": id_of(PLUGINS), "query": None},
            apollo(PLUGINS),
            apollo(PLUGINS, documentId=id_of(PLUGINS)),
            apollo(PLUGINS, query=PLUGINS),
        ],
    )
    def test_a_document_runs_by_its_id_as_if_it_were_sent(self, world: World, body: dict[str, Any]) -> None:
        client = world.client("platform", view="acme")
        trust(PLUGINS)

        given = client.send({**body, "variables": {"n": 2}, "operationName": "Plugins"})

        assert given.json() == client.run(PLUGINS, n=2)
        assert len(given.json()["data"]["plugins"]["nodes"]) == 2

    def test_an_unknown_id_is_refused_in_the_way_of_its_kind(self, admin: GraphQLClient) -> None:
        given = error_of(admin.send({"documentId": id_of(PLUGINS)}))
        of_another_kind = error_of(admin.send({"documentId": "x-own:1"}))
        by_apollo = error_of(admin.send(apollo(PLUGINS)))

        assert given == ("PERSISTED_QUERY_NOT_FOUND", f"There is no trusted document '{id_of(PLUGINS)}'.")
        assert of_another_kind[0] == "PERSISTED_QUERY_NOT_FOUND"
        # Clients compare this message, and send the document after it.
        assert by_apollo == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")

    @pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400), (STREAM, 400)])
    def test_an_unknown_id_has_the_status_of_a_wrong_document(
        self, admin: GraphQLClient, accept: str, status: int
    ) -> None:
        unknown = admin.send({"documentId": id_of(PLUGINS)}, Accept=accept)
        wrong = admin.send({"query": "{ nothing }"}, Accept=accept)

        assert unknown.status_code == wrong.status_code == status

    @pytest.mark.parametrize(
        "body",
        [
            {"documentId": 7},
            {"documentId": ""},
            {"documentId": id_of(VIEWER), "query": PLUGINS},
            apollo(VIEWER, query=PLUGINS),
            apollo(VIEWER, documentId=id_of(PLUGINS)),
            {"extensions": {"persistedQuery": 1}, "query": PLUGINS},
            {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": digest_of(PLUGINS)}}},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}},
            {"query": 7, "documentId": id_of(PLUGINS)},
            {"query": " "},
            {"query": " ", "documentId": id_of(PLUGINS)},
            {},
        ],
    )
    def test_ids_that_cant_be_and_ids_of_another_document_are_refused(
        self, admin: GraphQLClient, body: dict[str, Any]
    ) -> None:
        trust(PLUGINS, VIEWER)

        refused = admin.send(body)

        assert (refused.status_code, code_of(refused)) == (400, "BAD_REQUEST")

    def test_nothing_is_stored_of_what_clients_send(self, admin: GraphQLClient) -> None:
        answered = admin.send(apollo(PLUGINS, query=PLUGINS))

        assert "errors" not in answered.json()
        assert code_of(admin.send(apollo(PLUGINS))) == "PERSISTED_QUERY_NOT_FOUND"
        assert not TrustedDocument.objects.exists()

    def test_the_limits_of_all_documents_hold(self, nobody: GraphQLClient, admin: GraphQLClient) -> None:
        dear = "{ plugins(first: 100) { nodes { name dependents { name dependents { name } } } } }"
        trust(dear, "{ nothing }", "{ __schema { queryType { name } } }")

        with override_settings(WEBNET_BUDGET_POINTS_VIEWER=10):
            assert code_of(admin.send({"documentId": id_of(dear)})) == "QUERY_TOO_EXPENSIVE"
        assert code_of(admin.send({"documentId": id_of("{ nothing }")})) == "GRAPHQL_VALIDATION_FAILED"
        signed_out = nobody.send({"documentId": id_of("{ __schema { queryType { name } } }")})
        assert code_of(signed_out) == "UNAUTHENTICATED"

    def test_a_get_runs_queries_as_before_with_their_etag(self, world: World, nobody: GraphQLClient) -> None:
        client = world.client("viewer", view="acme")
        trust(PLUGINS, RENAME)

        first = get(client, documentId=id_of(PLUGINS), variables='{"n": 2}')
        by_apollo = get(client, extensions=json.dumps(apollo(PLUGINS)["extensions"]), variables='{"n": 2}')
        client._headers["If-None-Match"] = first["ETag"]
        again = get(client, documentId=id_of(PLUGINS), variables='{"n": 2}')
        manager.enable("inventory", actor=SYSTEM)
        changed = get(client, documentId=id_of(PLUGINS), variables='{"n": 2}')

        assert first["Cache-Control"] == "private, no-cache"
        assert by_apollo.content == first.content
        assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
        assert (again.content, changed["ETag"] != first["ETag"]) == (b"", True)
        assert get(client, documentId=id_of(RENAME)).status_code == 405
        assert get(nobody, documentId=id_of(PLUGINS)).status_code == 401

    def test_a_browsers_get_with_an_id_gets_the_answer_and_not_graphiql(self, world: World) -> None:
        trust(PLUGINS)

        answered = get(world.client("viewer"), accept="text/html,*/*", documentId=id_of(PLUGINS))

        assert "plugins" in answered.json()["data"]

    def test_the_log_names_the_applications(self, admin: GraphQLClient, caplog: pytest.LogCaptureFixture) -> None:
        trust(PLUGINS, application="web")
        trust(PLUGINS, application="app")
        caplog.set_level(logging.INFO, "webnet.server.observability.request_log")

        for body in ({"documentId": id_of(PLUGINS)}, {"query": PLUGINS}):
            admin.send(body)

        lines = [json.loads(JsonFormatter().format(each)) for each in caplog.records]
        assert [line.get("applications") for line in lines] == [["app", "web"], None]


class TestStatements:
    def count(self, client: GraphQLClient, body: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as statements:
            client.send(body)
        return len(statements)

    def test_a_document_that_was_used_before_takes_no_statement(self, world: World) -> None:
        client = world.client("viewer", view="acme")
        trust(PLUGINS)
        client.send({"query": PLUGINS})  # its answer is kept

        as_text = self.count(client, {"query": PLUGINS})
        first, second = (self.count(client, {"documentId": id_of(PLUGINS)}) for _ in range(2))
        with override_settings(WEBNET_TRUSTED_DOCUMENTS_ONLY=True):
            only_trusted = self.count(client, {"query": PLUGINS})

        assert (first, second, only_trusted) == (as_text + 1, as_text, as_text)

    def test_a_session_takes_none_either_and_somebody_signed_out_takes_one(
        self, world: World, nobody: GraphQLClient
    ) -> None:
        browser = GraphQLClient(view="acme")
        browser.http.force_login(world.viewer)
        open_to_all = "{ __typename }"
        trust(open_to_all)
        for client in (browser, nobody):
            client.send({"documentId": id_of(open_to_all)})

        differences = [
            self.count(client, {"documentId": id_of(open_to_all)}) - self.count(client, {"query": open_to_all})
            for client in (browser, nobody)
        ]

        assert differences == [0, 1]

    def test_what_is_kept_is_bounded(self) -> None:
        texts = [f"query Q{number} {{ __typename }}" for number in range(9)]
        trust(*texts)
        kept = TrustedTexts(characters=3 * len(texts[0]))

        found = [kept.find(digest_of(text), token="t") for text in texts]

        assert [each.text if each else None for each in found] == texts
        assert len(kept) == 3
        with CaptureQueriesContext(connection) as statements:
            assert kept.find(digest_of(texts[8]), token="t") == found[8]
            assert kept.find(digest_of("unknown"), token="t") is None
        assert len(statements) == 1 and len(kept) == 3


class TestOnlyTrusted:
    @pytest.fixture(autouse=True)
    def mode(self) -> Iterator[None]:
        with override_settings(WEBNET_TRUSTED_DOCUMENTS_ONLY=True):
            yield

    @pytest.mark.parametrize("who", ["platform", "viewer"])
    def test_no_other_document_runs_whoever_sends_it(self, world: World, who: str) -> None:
        client = world.client(who)
        trust(PLUGINS)

        refused = [
            client.send({"query": VIEWER}),
            client.send({"query": RENAME}),
            client.send({"query": f"{PLUGINS} "}),
            client.send(apollo(VIEWER, query=VIEWER)),
            client.send({"query": FOLLOW}, Accept=STREAM),
            client.send({"query": "{ __schema { queryType { name } } }"}),
            client.send({"query": "not GraphQL"}),
            get(client, query=VIEWER),
        ]
        world.acme.refresh_from_db()

        assert [code_of(each) for each in refused] == ["DOCUMENT_NOT_TRUSTED"] * len(refused)
        assert id_of(VIEWER) in error_of(refused[0])[1]
        assert world.acme.name == "Acme Corp"

    def test_a_trusted_document_runs_by_its_id_and_by_its_text(self, world: World) -> None:
        client = world.client("viewer")
        trust(PLUGINS)

        answers = [client.send(body).json() for body in ({"documentId": id_of(PLUGINS)}, {"query": PLUGINS})]

        assert "errors" not in answers[0] and answers[0] == answers[1]

    def test_somebody_signs_in_with_a_trusted_document(self, world: World) -> None:
        make_member("sue", world.acme, Role.VIEWER, password=PASSWORD)
        variables = {"input": {"username": "sue", "password": PASSWORD}}
        browser = GraphQLClient()

        before = code_of(browser.send({"query": SIGN_IN, "variables": variables}))
        trust(SIGN_IN)
        after = browser.send({"documentId": id_of(SIGN_IN), "variables": variables}).json()

        assert before == "DOCUMENT_NOT_TRUSTED"
        assert after["data"]["signIn"]["__typename"] == "SignInPayload"

    def test_there_is_no_graphiql_and_no_link_to_it(self, world: World) -> None:
        browser = GraphQLClient()
        browser.http.force_login(world.platform)

        page = get(browser, accept="text/html")
        linking = [browser.http.get(path).content for path in ("/", "/c/acme/")]

        assert (page.status_code, code_of(page)) == (403, "DOCUMENT_NOT_TRUSTED")
        assert [b"GraphiQL" in each for each in linking] == [False, False]
        with override_settings(WEBNET_TRUSTED_DOCUMENTS_ONLY=False):
            assert b"graphiql" in get(browser, accept="text/html").content
            assert [b"GraphiQL" in browser.http.get(path).content for path in ("/", "/c/acme/")] == [True, True]
