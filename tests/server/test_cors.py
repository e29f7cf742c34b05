"""A front end's development server on another port of this machine can work with the API; nobody else's page can."""

import pytest

from tests.browsing import Answer, Client
from tests.server.conftest import VITE_ORIGIN

ENABLE = 'mutation { enablePlugin(input: {plugin: "hello_world"}) { ... on EnablePluginPayload { plugin { name } } } }'


def ask_permission(client: Client, *, origin: str) -> Answer:
    """What a browser sends before a POST with JSON to another origin."""
    wish = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-csrftoken"}
    return client.send("OPTIONS", "/graphql/", headers={"Origin": origin, **wish})


def test_the_preflight_lets_the_development_server_in(visitor: Client) -> None:
    answer = ask_permission(visitor, origin=VITE_ORIGIN)

    assert answer.headers["access-control-allow-origin"] == VITE_ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {"content-type", "x-csrftoken", "webnet-explain"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )


def test_the_preflight_lets_no_other_origin_in(visitor: Client) -> None:
    answer = ask_permission(visitor, origin="http://127.0.0.1:9999")

    assert "access-control-allow-origin" not in answer.headers


def test_a_mutation_from_the_development_server_runs_with_the_session_and_can_be_read(operator: Client) -> None:
    answer = operator.post_graphql(ENABLE, headers={"Origin": VITE_ORIGIN})

    assert answer.json() == {"data": {"enablePlugin": {"plugin": {"name": "hello_world"}}}}
    assert answer.headers["access-control-allow-origin"] == VITE_ORIGIN
    assert "webnet-schema" in answer.headers["access-control-expose-headers"].lower()


def test_a_mutation_from_another_origin_is_refused_although_it_has_the_session(operator: Client) -> None:
    answer = operator.post_graphql(ENABLE, headers={"Origin": "http://127.0.0.1:9999"})

    assert answer.status == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "CSRF_FAILED"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/admin/"])
def test_no_page_but_the_api_can_be_read_from_another_origin(visitor: Client, path: str) -> None:
    answer = visitor.get(path, Origin=VITE_ORIGIN)

    assert "access-control-allow-origin" not in answer.headers
