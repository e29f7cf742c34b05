"""Pages of the origins that the settings list can work with the API, on a real server; nobody else's pages can."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.browsing import Answer, Client
from tests.databases import with_files_of_its_own
from tests.events.streams import Stream
from tests.server.conftest import APP_ORIGIN, VITE_ORIGIN
from tests.server.test_own_responses import answer, scope_of
from tests.servers import DEMO_PASSWORD, Server
from webnet.errors import ServerBusy
from webnet.server.asgi import admission

pytestmark = with_files_of_its_own

ENABLE = 'mutation { enablePlugin(input: {plugin: "hello_world"}) { ... on EnablePluginPayload { plugin { name } } } }'
SIGN_IN = f"""mutation {{ signIn(input: {{username: "platform", password: "{DEMO_PASSWORD}"}}) {{ __typename }} }}"""
STRANGER = "http://127.0.0.1:9999"
# Names that a browser asks for, as it sends them.
ASKED = (
    "apollographql-client-name,apollographql-client-version,authorization,content-type,if-none-match,traceparent,"
    "webnet-explain,x-csrftoken,x-request-id"
)
EXPOSED = {"etag", "retry-after", "webnet-schema", "www-authenticate", "x-request-id"}


def ask_permission(client: Client, *, origin: str, path: str = "/graphql/") -> Answer:
    """What a browser sends before a POST with JSON to another origin."""
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ASKED}
    return client.send("OPTIONS", path, headers={"Origin": origin, **wish})


def split(header: str) -> set[str]:
    return set(header.lower().split(", "))


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/graphql/acme", "/graphql/acme/"])
def test_the_preflight_lets_the_development_server_in(visitor: Client, path: str) -> None:
    answer = ask_permission(visitor, origin=VITE_ORIGIN, path=path)

    assert answer.headers["access-control-allow-origin"] == VITE_ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert set(ASKED.split(",")) <= split(answer.headers["access-control-allow-headers"])
    assert split(answer.headers["access-control-allow-methods"]) == {"get", "options", "post"}


@pytest.mark.parametrize("origin", [STRANGER, "null"])
def test_the_preflight_lets_no_other_origin_in(visitor: Client, origin: str) -> None:
    answer = ask_permission(visitor, origin=origin)

    assert "access-control-allow-origin" not in answer.headers


def test_a_mutation_from_the_development_server_runs_with_the_session_and_can_be_read(operator: Client) -> None:
    answer = operator.post_graphql(ENABLE, headers={"Origin": VITE_ORIGIN})

    assert answer.json() == {"data": {"enablePlugin": {"plugin": {"name": "hello_world"}}}}
    assert answer.headers["access-control-allow-origin"] == VITE_ORIGIN
    assert split(answer.headers["access-control-expose-headers"]) == EXPOSED


def test_a_mutation_from_another_origin_is_refused_although_it_has_the_session(operator: Client) -> None:
    answer = operator.post_graphql(ENABLE, headers={"Origin": STRANGER})

    assert answer.status == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "CSRF_FAILED"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/"])
def test_no_page_but_the_api_can_be_read_from_another_origin(visitor: Client, path: str) -> None:
    answer = visitor.get(path, Origin=VITE_ORIGIN)

    assert "access-control-allow-origin" not in answer.headers


def test_refusals_that_do_not_reach_django_can_be_read_too(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A page has to know when to try again."""

    async def refuse(*_: object, **__: object) -> None:
        raise ServerBusy

    monkeypatch.setattr(admission.ThreadQueue, "run", refuse)
    settings.CORS_ALLOWED_ORIGINS = [APP_ORIGIN]
    body = {"type": "http.request", "body": b"{}"}

    _, busy, _ = answer(scope_of("/graphql", origin=APP_ORIGIN), body)
    _, elsewhere, _ = answer(scope_of("/graphql", origin=STRANGER), body)
    _, page, _ = answer(scope_of("/sign-in/", origin=APP_ORIGIN), body)

    assert busy["access-control-allow-origin"] == APP_ORIGIN and busy["access-control-allow-credentials"] == "true"
    assert split(busy["access-control-expose-headers"]) == EXPOSED and busy["retry-after"] == "5"
    assert busy["vary"] == elsewhere["vary"] == "origin"
    assert "access-control-allow-origin" not in elsewhere.keys() | page.keys()


class TestAnotherHostName:
    """A page of another host, which signs in over GraphQL and never sees the CSRF cookie."""

    @pytest.fixture
    def session(self, visitor: Client) -> str:
        signed_in = visitor.post_graphql(SIGN_IN, headers={"Origin": APP_ORIGIN})
        assert signed_in.json() == {"data": {"signIn": {"__typename": "SignInPayload"}}}
        (session,) = (f"sessionid={cookie.value}" for cookie in visitor.cookies if cookie.name == "sessionid")
        return session

    @pytest.fixture
    def connection(self, webnet: Server) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(webnet.host, webnet.port, timeout=30)
        yield connection
        connection.close()

    def post(
        self, connection: http.client.HTTPConnection, query: str, *headers: tuple[str, str]
    ) -> http.client.HTTPResponse:
        """A POST of JSON with exactly these headers, which may come twice."""
        body = json.dumps({"query": query}).encode()
        connection.putrequest("POST", "/graphql")
        for name, value in (("Content-Length", str(len(body))), *headers):
            connection.putheader(name, value)
        connection.endheaders(body)
        return connection.getresponse()

    @pytest.mark.parametrize("accepted", ["application/json", "text/event-stream"])
    def test_one_origin_and_one_media_type_are_a_proof(
        self, connection: http.client.HTTPConnection, session: str, accepted: str
    ) -> None:
        own = (("Cookie", session), ("Accept", accepted))
        kind, origin = ("Content-Type", "application/json"), ("Origin", APP_ORIGIN)
        query = "{ viewer { user { username } } }"

        response = self.post(connection, query, *own, kind, origin)
        assert b'"username":"platform"' in response.read()
        for headers in (
            (kind, origin, origin),
            (kind, origin, ("Origin", STRANGER)),
            (kind, ("Origin", STRANGER), origin),
            (kind, ("Origin", "null"), origin),
            (kind,),
            (origin,),
            (kind, ("Content-Type", "text/plain"), origin),
            (("Content-Type", "text/plain"), kind, origin),
        ):
            refused = self.post(connection, query, *own, *headers)
            assert (refused.status, b"CSRF_FAILED" in refused.read()) == (403, True), headers

    def test_it_may_subscribe(self, connection: http.client.HTTPConnection, session: str) -> None:
        own = (("Cookie", session), ("Accept", "text/event-stream"), ("Content-Type", "application/json"))
        query = "subscription { pluginEvents { cursor } }"

        refused = self.post(connection, query, *own)
        assert (refused.status, b"CSRF_FAILED" in refused.read()) == (403, True)
        response = self.post(connection, query, *own, ("Origin", APP_ORIGIN))

        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
        assert response.headers.get_all("Access-Control-Allow-Origin") == [APP_ORIGIN]
        assert len({name.lower() for name in response.headers}) == len(response.headers)  # each of them once
        assert response.readline().startswith(b":")
        Stream(connection, response).close()
