"""The addresses of the API with and without a slash at their end, which are served alike."""

import logging

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator, make_token
from webnet.errors import DeadlineExceeded
from webnet.server.observability.logs import REQUEST_FIELDS
from webnet.server.observability.request_log import door_of, route_of

pytestmark = pytest.mark.django_db

LOGGER = "webnet.server.observability.request_log"
PATHS = ("/graphql", "/graphql/acme")
APP = "https://app.example.com"


@pytest.fixture
def ops() -> GraphQLClient:
    make_customer("acme")
    return GraphQLClient.of(make_operator("ops"))


def ask(client: GraphQLClient, path: str, query: str, *, method: str = "POST") -> tuple[object, ...]:
    """What is answered there, without what differs between any two requests."""
    client.url = path
    if method == "GET":
        response = client.http.get(path, {"query": query}, headers=client._headers)
    else:
        response = client.send({"query": query})
    kept = {name: value for name, value in response.headers.items() if name != "X-Request-Id"}
    return response.status_code, kept, response.content


@pytest.mark.parametrize("debug", [False, True])
def test_reads_changes_and_refusals_are_the_same(ops: GraphQLClient, settings: Settings, debug: bool) -> None:
    settings.DEBUG = debug
    for path in PATHS:
        for query in (
            "{ viewer { user { username } } plugins(first: 1) { totalCount } }",
            'mutation { enablePlugin(input: {plugin: "hello_world"}) { __typename ... on Refusal { code } } }',
            "subscription { pluginEvents { cursor } }",
            "{",
        ):
            assert ask(ops, path, query) == ask(ops, f"{path}/", query), (path, query)
        read = ask(ops, path, "{ viewer { user { username } } }", method="GET")
        assert read == ask(ops, f"{path}/", "{ viewer { user { username } } }", method="GET")
        assert read[0] == 200
    assert ask(ops, "/graphql/nowhere", "{ __typename }")[0] == 404
    assert GraphQLClient().http.post("/graphqlx").status_code == 404


def test_graphiql_opens_there_and_asks_there() -> None:
    browser = Client()
    browser.force_login(make_operator("ops"))
    make_customer("acme")

    for path in PATHS:
        page = browser.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert f'"{path}"' in page.text.replace("\\u002F", "/").replace("\\u002D", "-"), path
        away = Client().get(path, headers={"Accept": "text/html"})
        assert (away.status_code, away["Location"]) == (302, f"/sign-in/?next={path}")


def test_browsers_may_ask_there_from_other_origins(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]
    wish = {"Origin": APP, "Access-Control-Request-Method": "POST"}

    for path in PATHS:
        asked, asked_with_slash = (Client().options(each, headers=wish) for each in (path, f"{path}/"))
        assert asked["Access-Control-Allow-Origin"] == APP
        names = [name for name in asked.headers if name.startswith("access-control")]
        assert {name: asked[name] for name in names} == {name: asked_with_slash[name] for name in names}
    for path in ("/graphqlx", "/graphql%0A", "/x/graphql", "/sign-in/"):
        assert "Access-Control-Allow-Origin" not in Client().options(path, headers=wish).headers


def test_the_log_the_metrics_and_the_traces_have_one_name_for_both(caplog: pytest.LogCaptureFixture) -> None:
    client = GraphQLClient.of(make_member("ada", make_customer("acme")))
    requests = []
    with caplog.at_level(logging.INFO, LOGGER):
        for path in ("/graphql/acme", "/graphql/acme/"):
            client.url = path
            requests.append(client.send({"query": "query Me { viewer { user { username } } }"}).wsgi_request)

    one, other = (vars(record)[REQUEST_FIELDS] for record in caplog.records if record.name == LOGGER)
    assert (one["path"], other["path"]) == ("/graphql/acme", "/graphql/acme/")
    own = {"path", "request_id", "duration_ms", "plugins", "statements"}
    assert {name: one[name] for name in one.keys() - own} == {name: other[name] for name in other.keys() - own}
    assert [route_of(request) for request in requests] == ["/graphql/<slug:customer>/"] * 2
    assert [door_of(request) for request in requests] == ["graphql-customer"] * 2


def test_links_have_the_slash() -> None:
    assert reverse("graphql") == "/graphql/"
    assert reverse("graphql-customer", kwargs={"customer": "acme"}) == "/graphql/acme/"


def test_what_takes_too_long_is_refused_there_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token(make_operator("ops"))
    client = GraphQLClient(token=token)
    monkeypatch.setattr("webnet.console.database_outages.SessionMiddleware.process_response", _fail)

    for path in PATHS:
        client.url = path
        response = client.send({"query": "{ __typename }"})
        assert (response.status_code, response["Content-Type"]) == (504, "application/json"), path


def _fail(*_: object) -> None:
    raise DeadlineExceeded(10)
