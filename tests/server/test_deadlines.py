"""Heavy requests of clients that leave, or wait, keep nobody waiting: neither health checks nor others."""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.browsing import Client
from tests.server.production import Deployment, make_deployment
from tests.servers import START_SECONDS, Server, serve_application

SECONDS = 2
MOST_TRIES = 10
# An endless statement, and an endless list whose rows ask nothing.
SCHEMA = """
    import sys

    import strawberry
    from django.db import connection

    from webnet.sdk import graphql

    ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


    @strawberry.type
    class Wave:
        height: int


    @graphql.type
    class Queries:
        @graphql.field
        def tide(self, info: graphql.Info) -> int:
            print("the tide rises", file=sys.stderr, flush=True)
            with connection.cursor() as cursor:
                cursor.execute(ENDLESS if connection.vendor == "sqlite" else "SELECT pg_sleep(600)")
            return 0

        @graphql.field
        def waves(self, info: graphql.Info) -> list[Wave]:
            return (Wave(height=number) for number in range(1_000_000))
"""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with make_deployment(tmp_path_factory.mktemp("sea"), schema=SCHEMA) as deployment:
        yield deployment


def ask(server: Server, deployment: Deployment, query: str, *, accept: str = "*/*") -> http.client.HTTPConnection:
    """Send the query; the response is still to be read."""
    headers = {
        "Authorization": f"Bearer {deployment.token}",
        "Content-Type": "application/json",
        "Accept": accept,
    }
    connection = http.client.HTTPConnection(server.host, server.port, timeout=START_SECONDS)
    connection.request("POST", "/graphql/acme/", json.dumps({"query": query}), headers)
    return connection


def is_answered(connection: http.client.HTTPConnection) -> bool:
    return bool(select.select([connection.sock], [], [], 0)[0])


def read(connection: http.client.HTTPConnection) -> tuple[int, str]:
    """The status, and the code of the error."""
    with closing(connection):
        response = connection.getresponse()
        return response.status, json.loads(response.read())["errors"][0]["extensions"]["code"]


@pytest.fixture(params=["uvicorn", "granian-wsgi"])
def server(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[Server]:
    application = "webnet.asgi:application" if request.param == "uvicorn" else "webnet.wsgi:application"
    limits = {"WEBNET_THREADS": "2", "WEBNET_REQUEST_SECONDS": str(SECONDS)}
    with serve_application(request.param, application, deployment.data_dir, **deployment.changes, **limits) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("server", ["uvicorn"], indirect=True)
def test_heavy_requests_delay_no_health_check_and_end_with_their_time(deployment: Deployment, server: Server) -> None:
    # Again where this machine was so slow that the time of the heavy ones had ended before.
    for _ in range(MOST_TRIES):
        heavy = [ask(server, deployment, query) for query in ("{ tide }", "{ waves { height } }") * 2]
        # One more than there are threads for those who accept a stream.
        streams = [ask(server, deployment, "{ tide }", accept="application/json, text/event-stream") for _ in range(3)]
        server.wait_for("rises")
        assert [Client(server.url).get(path).status for path in ("/healthz", "/readyz")] == [200, 200]
        if not any(map(is_answered, [*heavy, *streams])):
            break
        for connection in [*heavy, *streams]:
            read(connection)
    else:
        pytest.fail("Health checks were answered only after what is heavy.")

    for connection in heavy[2:]:
        connection.close()
    assert [read(each) for each in (*heavy[:2], *streams)] == [(504, "DEADLINE_EXCEEDED")] * 5
    assert deployment.ask(server, "{ viewer { user { username } } }")["data"]["viewer"]
    assert deployment.read("SELECT * FROM plugins_pluginfailure") == []


@pytest.mark.slow
@pytest.mark.parametrize("server", ["granian-wsgi"], indirect=True)
def test_under_wsgi_the_time_ends_what_is_heavy(deployment: Deployment, server: Server) -> None:
    assert read(ask(server, deployment, "{ tide }")) == (504, "DEADLINE_EXCEEDED")
