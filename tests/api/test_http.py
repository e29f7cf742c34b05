"""HTTP: what is no GraphQL request gets a clear answer, never a 500, never a stack trace."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from tests.api.client import GraphQLClient
from tests.factories import PASSWORD, make_customer, make_member, make_operator, make_token
from webnet.api.http.requests import MAXIMUM_BODY_BYTES
from webnet.api.resolvers import listings
from webnet.audit.models import PluginAuditLog
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)

PAGE_OF = "query($n: Int) { plugins(first: $n) { edges { cursor } } }"
VIEWER = "{ viewer { user { username } } }"


def code_of(response):
    assert response["Content-Type"].startswith(("application/json", "application/graphql-response+json"))
    assert response["Webnet-Schema"]
    (error,) = response.json()["errors"]
    assert "Traceback" not in error["message"]
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{not json", (400, "BAD_REQUEST")),
        (b"\xff\xfe", (400, "BAD_REQUEST")),
        (b'"a string"', (400, "BAD_REQUEST")),
        (b"null", (400, "BAD_REQUEST")),
        (b"7", (400, "BAD_REQUEST")),
        (b"[" * 100_000, (400, "QUERY_TOO_DEEP")),
        ([{"query": VIEWER}], (400, "BATCHING_NOT_SUPPORTED")),
        ([], (400, "BATCHING_NOT_SUPPORTED")),
        ({}, (400, "BAD_REQUEST")),
        ({"query": None}, (400, "BAD_REQUEST")),
        ({"query": 7}, (400, "BAD_REQUEST")),
        ({"query": "  "}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "variables": [1]}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "variables": "x"}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "operationName": 3}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "extensions": 3}, (400, "BAD_REQUEST")),
        ({"query": "subscription { pluginEvents { cursor } }"}, (406, "EVENT_STREAM_REQUIRED")),
        ({"query": "query($n: String!) { plugin(name: $n) { name } }", "variables": {"n": "\0"}}, (400, "BAD_REQUEST")),
    ],
)  # fmt: skip
def test_bad_request_is_told_apart(nobody, body, expected):
    assert code_of(nobody.send(body)) == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": VIEWER, "operationName": "Other"}, "OPERATION_NOT_FOUND"),
        ({"query": "query A { __typename } query B { __typename }"}, "OPERATION_NOT_FOUND"),
        ({"query": "fragment A on Query { __typename }"}, "OPERATION_NOT_FOUND"),
        ({"query": "{ viewer {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ ...Missing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ ...A } fragment A on Query { ...A }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": '{ plugin(name: "\\u0000") { name } }'}, "BAD_REQUEST"),
        ({"query": "query($n: String!) { plugin(name: $n) { name } }", "variables": {"n": 7}}, "BAD_USER_INPUT"),
        ({"query": "query($n: String!) { plugin(name: $n) { name } }"}, "BAD_USER_INPUT"),
        ({"query": PAGE_OF, "variables": {"n": 10**10}}, "BAD_USER_INPUT"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_400_and_for_clients_of_plain_json_200(nobody, body, code):
    """GraphQL over HTTP: parsing, validation, the choice of the operation, and the variables."""
    both = "application/graphql-response+json, application/json;q=0.9"

    assert code_of(nobody.send(body)) == (200, code)
    assert code_of(nobody.send(body, Accept="application/json")) == (200, code)
    assert code_of(nobody.send(body, Accept="application/graphql-response+json")) == (400, code)
    assert code_of(nobody.send(body, Accept=both)) == (400, code)


@pytest.mark.parametrize("depth", [101, 500, 5_000])
def test_deep_json_in_a_variable_is_no_bug(nobody, depth):
    variables = b'{"settings": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"

    response = nobody.send(b'{"query": "{ __typename }", "variables": ' + variables + b"}")

    assert code_of(response) == (400, "QUERY_TOO_DEEP")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_wrong_content_type_is_refused(content_type):
    response = Client().generic("POST", "/graphql/", json.dumps({"query": VIEWER}), content_type=content_type)

    assert code_of(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_charset_of_the_content_type_does_not_matter():
    body = json.dumps({"query": VIEWER})

    response = Client().post("/graphql/", body, content_type="application/json; charset=utf-8")

    assert response.json() == {"data": {"viewer": None}}


def test_body_over_the_cap_is_refused(nobody):
    body = json.dumps({"query": VIEWER, "variables": {"x": "y" * MAXIMUM_BODY_BYTES}}).encode()

    assert code_of(nobody.send(body)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method):
    response = Client().generic(method, "/graphql/")

    assert code_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert response["Allow"] == "GET, POST"


def test_query_over_get_is_answered(platform):
    variables = json.dumps({"skip": True})

    response = platform.http.get(
        "/graphql/",
        {
            "query": "query($skip: Boolean!) { __typename viewer @skip(if: $skip) { __typename } }",
            "variables": variables,
        },
        headers=platform._headers,
    )

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("query", ["{ __typename }", "mutation { signOut { __typename } }", "{", ""])
def test_signed_out_nothing_is_answered_over_get(nobody, query):
    response = nobody.http.get("/graphql/", {"query": query})

    assert code_of(response) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (400, "BAD_REQUEST")),
        ({"query": ""}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "variables": "{"}, (400, "BAD_REQUEST")),
        ({"query": VIEWER, "variables": "[]"}, (400, "BAD_REQUEST")),
    ],
)
def test_bad_get_is_told(platform, parameters, expected):
    assert code_of(platform.http.get("/graphql/", parameters, headers=platform._headers)) == expected


def test_mutation_over_get_is_refused_and_changes_nothing(platform, world):
    mutation = 'mutation { enablePlugin(input: {plugin: "greeter"}) { __typename } }'

    response = platform.http.get("/graphql/", {"query": mutation}, headers=platform._headers)

    assert code_of(response) == (405, "METHOD_NOT_ALLOWED")
    assert not PluginConfig.objects.get(name="greeter").enabled


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_browser_gets_graphiql_with_its_csrf_cookie():
    browser = Client()
    browser.force_login(make_operator("ops"))
    make_customer("acme")

    page = browser.get("/graphql/acme/", headers=BROWSER)

    assert page.status_code == 200
    assert '"graphqlUrl": "/graphql/acme/"' in page.content.decode()
    assert "csrftoken" in page.cookies


def test_graphiql_of_a_foreign_customer_is_not_found_like_that_of_a_missing_one():
    browser = Client()
    browser.force_login(make_member("ada", make_customer("acme")))
    make_customer("globex")

    pages = [browser.get(f"/graphql/{slug}/", headers=BROWSER) for slug in ("globex", "nowhere")]

    assert [page.status_code for page in pages] == [404, 404]
    assert pages[0].content == pages[1].content


def test_signed_out_a_browser_is_led_to_the_sign_in_page_and_back():
    response = Client().get("/graphql/acme/?tab=1", headers=BROWSER)

    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=/graphql/acme/%3Ftab%3D1")


@pytest.mark.parametrize("token", ["wn_unknown", "", "x y z", "wn_ü".encode().decode("latin-1")])
def test_bad_bearer_token_is_refused_whatever_is_asked(token):
    response = Client().post(
        "/graphql/", {"query": VIEWER}, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )

    assert code_of(response) == (401, "UNAUTHENTICATED")
    assert response["WWW-Authenticate"] == "Bearer"


class TestCsrf:
    """With a session, and Django's checks as in production."""

    @pytest.fixture
    def browser(self) -> GraphQLClient:
        make_operator("ops", password=PASSWORD)
        browser = GraphQLClient(enforce_csrf_checks=True)
        browser.http.get("/sign-in/")
        browser.mutate("signIn", "viewer { user { username } }", username="ops", password=PASSWORD)
        return browser

    def test_session_without_csrf_token_is_refused_as_json(self, browser):
        assert code_of(browser.send({"query": VIEWER})) == (403, "CSRF_FAILED")

    def test_session_with_its_csrf_token_is_served(self, browser):
        token = browser.http.cookies["csrftoken"].value

        response = browser.send({"query": VIEWER}, **{"X-CSRFToken": token})

        assert response.json() == {"data": {"viewer": {"user": {"username": "ops"}}}}

    def test_session_may_read_by_get_without_it(self, browser):
        assert browser.http.get("/graphql/", {"query": VIEWER}).status_code == 200

    def test_bearer_token_needs_none_even_beside_a_session(self, browser):
        token = make_token(make_operator("machine"))

        response = browser.send({"query": VIEWER}, Authorization=f"Bearer {token}")

        assert response.json()["data"]["viewer"]["user"]["username"] == "machine"


class TestBugs:
    @pytest.fixture(autouse=True)
    def _bug(self, monkeypatch):
        def raise_secret(*_args, **_kwargs):
            raise RuntimeError("the password is swordfish")

        monkeypatch.setattr(listings, "find_config", raise_secret)

    def test_bug_shows_its_request_id_only(self, admin, caplog):
        query = '{ customerPluginConfig(customer: "acme", plugin: "greeter") { id } }'

        response = admin.send({"query": query}, **{"X-Request-Id": "wish-1"})

        assert response.status_code == 200
        assert "swordfish" not in response.content.decode()
        (error,) = response.json()["errors"]
        assert error["message"] == "Internal error"
        assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": "wish-1"}
        assert "wish-1" in caplog.text
        assert "swordfish" in caplog.text

    def test_bug_outside_of_the_schema_is_a_500_without_a_trace(self, nobody, monkeypatch, caplog):
        monkeypatch.setattr("webnet.api.http.views.read_request", listings.find_config)

        response = nobody.send({"query": VIEWER})

        assert code_of(response) == (500, "INTERNAL_ERROR")
        assert "swordfish" not in response.content.decode()
        assert "swordfish" in caplog.text


def test_wrong_variable_is_not_echoed(nobody):
    mutation = "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }"

    for wrong in (
        {"username": "ann", "password": {"my": "swordfish"}},
        "swordfish",
        ["swordfish"],
        {"sword": "swordfish"},
    ):
        response = nobody.send({"query": mutation, "variables": {"input": wrong}})
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "swordfish" not in response.content.decode()


def test_client_errors_are_not_logged_with_their_document(nobody, caplog):
    nobody.run('mutation { signIn(input: {username: "ann", password: "swordfish", typo: 1}) { __typename } }')

    assert "swordfish" not in caplog.text


def test_graphql_media_type_is_spoken_with_those_who_ask_for_it(nobody):
    response = nobody.send({"query": VIEWER}, Accept="application/graphql-response+json")

    assert response["Content-Type"].startswith("application/graphql-response+json")


@pytest.mark.urls("webnet.urls_streams")
class TestEventStreams:
    def post(self, query: str, accept: str):
        post = async_to_sync(AsyncClient().post)
        return post("/graphql/", {"query": query}, content_type="application/json", headers={"Accept": accept})

    def test_query_is_answered_as_one_event(self):
        response = self.post(VIEWER, "text/event-stream")

        assert response["Content-Type"] == "text/event-stream"
        assert response["Content-Security-Policy"] and response["X-Request-Id"] and response["Permissions-Policy"]
        event, complete, _ = response.content.decode().split("\n\n")
        assert event == 'event: next\ndata: {"data":{"viewer":null}}'
        assert complete.startswith("event: complete")

    def test_client_that_also_takes_json_gets_json(self):
        response = self.post(VIEWER, "application/graphql-response+json, application/json, text/event-stream")

        assert response.json() == {"data": {"viewer": None}}

    def test_subscription_of_somebody_signed_out_is_refused(self):
        response = self.post("subscription { pluginEvents { cursor } }", "text/event-stream")

        assert code_of(response) == (401, "UNAUTHENTICATED")

    def test_subscription_that_does_not_fit_the_schema_is_refused(self):
        response = self.post("subscription { pluginEvents { nothing } }", "text/event-stream")

        assert code_of(response) == (400, "GRAPHQL_VALIDATION_FAILED")


def test_refused_requests_change_nothing(world):
    before = PluginAuditLog.objects.count()
    client = world.client("viewer")

    client.send(b"{")
    client.run("{ nothing }")
    client.run("mutation { enablePlugin(input: {}) { __typename } }")

    assert PluginAuditLog.objects.count() == before


def test_every_answer_names_the_schema(nobody, world):
    headers = {nobody.send({"query": VIEWER})["Webnet-Schema"], make_client(world).send(b"{")["Webnet-Schema"]}

    assert len(headers) == 1


def make_client(world):
    return GraphQLClient.of(make_member("new", world.acme))


def test_of_several_operations_the_named_one_runs(nobody):
    two = "query A { viewer { isPlatformOperator } } query B { __typename }"

    assert nobody.send({"query": two, "operationName": "B"}).json() == {"data": {"__typename": "Query"}}
    (error,) = nobody.send({"query": two}).json()["errors"]
    assert error["extensions"]["code"] == "OPERATION_NOT_FOUND"
