"""`manage.py run`, as `make run` calls it: what a first and a second start do, and what stops them."""

import re
import signal
import socket
from pathlib import Path

import pytest

from tests import interpreters
from tests.browsing import Client
from tests.databases import with_files_of_its_own
from tests.servers import (
    DEMO_PASSWORD,
    ROOT,
    STOP_SECONDS,
    Server,
    make_environment,
    run_command,
    serve_application,
    serve_webnet,
)
from webnet.server.management.commands.run import LAST_LINE

pytestmark = with_files_of_its_own

PLUGINS = "{ plugins(first: 10) { edges { node { name enabled } } } }"
ENABLE = 'mutation { enablePlugin(input: {plugin: "device_inventory"}) { ... on EnablePluginPayload { changed } } }'
DISABLE = 'mutation { disablePlugin(input: {plugin: "hello_world"}) { ... on DisablePluginPayload { changed } } }'


def sign_in(server: Server, password: str = DEMO_PASSWORD) -> Client:
    client = Client(server.url)
    client.sign_in("platform", password)
    return client


def enabled_plugins(client: Client) -> list[str]:
    plugins = client.post_graphql(PLUGINS).json()["data"]["plugins"]["edges"]
    return [edge["node"]["name"] for edge in plugins if edge["node"]["enabled"]]


def test_a_first_start_says_where_to_look_and_how_to_sign_in(tmp_path: Path) -> None:
    with serve_webnet(tmp_path, WEBNET_DEMO_PASSWORD=None) as server:
        password = re.findall(r"password.*?: (\S{8,})$", server.output, flags=re.MULTILINE)[0]
        signed_in = sign_in(server, password)

        assert f"{server.url}/graphql/" in server.output
        assert "platform" in server.output
        assert "Things to do" in signed_in.get("/").text
        assert enabled_plugins(signed_in) == ["hello_world"]


def test_a_second_start_loses_nothing_and_makes_no_demo_data(tmp_path: Path) -> None:
    with serve_webnet(tmp_path) as first:
        operator = sign_in(first)
        changed = [operator.post_graphql(mutation).json()["data"] for mutation in (ENABLE, DISABLE)]

    with serve_webnet(tmp_path, WEBNET_DEMO_PASSWORD="another-password") as second:
        kept = sign_in(second)

        assert changed == [{"enablePlugin": {"changed": True}}, {"disablePlugin": {"changed": True}}]
        assert enabled_plugins(kept) == ["device_inventory"]
        assert "demo users" not in second.output


def test_a_start_without_debug_makes_no_demo_data(tmp_path: Path) -> None:
    with serve_webnet(tmp_path, WEBNET_DEBUG="0", WEBNET_ALLOWED_HOSTS="127.0.0.1", WEBNET_HTTPS="0") as server:
        answer = Client(server.url).sign_in("platform", DEMO_PASSWORD)

        assert answer.status == 403
        assert "acme-admin" not in server.output


def test_a_production_start_serves_its_static_files_and_tells_no_stack_trace(tmp_path: Path) -> None:
    with serve_webnet(tmp_path, WEBNET_DEBUG="0", WEBNET_ALLOWED_HOSTS="127.0.0.1", WEBNET_HTTPS="0") as server:
        client = Client(server.url)

        assert client.get("/static/webnet/console/console.css").status == 200
        assert client.get("/static/admin/css/base.css").status == 200
        assert "Traceback" not in client.get("/nowhere/").text


def test_a_plugin_that_can_not_be_imported_does_not_stop_the_start(tmp_path: Path) -> None:
    with serve_webnet(tmp_path, WEBNET_PLUGINS="no_such_plugin,hello_world") as server:
        assert "no_such_plugin" in server.output
        assert Client(server.url).get("/readyz").status == 200


def test_safe_mode_runs_no_plugin(tmp_path: Path) -> None:
    with serve_webnet(tmp_path, WEBNET_SAFE_MODE="1") as server:
        assert "Hello World" not in server.output


def test_ctrl_c_ends_it_without_a_stack_trace(tmp_path: Path) -> None:
    """A cold start: what Ctrl-C does is decided when an interpreter starts."""
    environment, file = make_environment(tmp_path), tmp_path / "errors"
    with file.open("w") as errors:
        process = interpreters.start(
            ["manage.py", "run"], environment=environment, folder=ROOT, stderr=errors, is_cold=True
        )
    with process.stdout as lines:
        assert any(LAST_LINE in line for line in lines)

        process.send_signal(signal.SIGINT)

        assert process.wait(STOP_SECONDS) == 0
    assert "Traceback" not in file.read_text()


@pytest.mark.parametrize(
    ("server", "application"),
    [
        ("uvicorn", "webnet.asgi:application"),
        ("granian", "webnet.asgi:application"),
        ("granian-wsgi", "webnet.wsgi:application"),
    ],
)
def test_both_entry_points_serve_under_the_servers_of_production(migrated: Path, server: str, application: str) -> None:
    with serve_application(server, application, migrated) as served:
        client = Client(served.url)

        assert client.get("/readyz").json() == {"status": "ready"}
        assert client.post_graphql("{ viewer { isPlatformOperator } }").json() == {"data": {"viewer": None}}


def test_a_port_that_is_taken_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = run_command("run", data_dir=tmp_path, PORT=port)

    assert ended.returncode == 1
    (told,) = [line for line in ended.stderr.splitlines() if "CommandError" in line]
    assert told.endswith("set HOST or PORT.")
    assert f"127.0.0.1:{port}" in ended.stderr
    assert not (tmp_path / "webnet.sqlite3").exists()
