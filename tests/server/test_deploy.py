"""What `deploy/` has: the units and the container file are read, and both proxies serve a real webnet with https."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from tests.databases import with_files_of_its_own
from tests.programs import find_program
from tests.proxies import SITE, read_caddy_version, serve_site_by_caddy, serve_site_by_nginx
from tests.servers import ROOT, Server, run_command, serve_production

pytestmark = with_files_of_its_own

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
PREPARE = """
from django.core.management import call_command as call
call("sync_plugins", verbosity=0)
call("create_customer", "acme", verbosity=0)
call("create_user", "platform", operator=True, verbosity=0)
call("create_token", "platform", "tests")
"""
SERVE = {"WEBNET_SECRET_KEY": "a-site-with-https", "WEBNET_DEBUG": "0", "WEBNET_ALLOWED_HOSTS": SITE}
TRACE = "0af7651916cd43dd8448eb211c80319c"
ENABLE = 'mutation { enablePlugin(input: {plugin: "hello_world", reason: "%s"}) { __typename } }'
DISABLE = 'mutation { disablePlugin(input: {plugin: "hello_world", reason: "%s"}) { __typename } }'


@dataclass(frozen=True)
class Site:
    """A proxy, and the server behind it."""

    port: int
    server: Server
    token: str

    @contextmanager
    def send(self, method: str, path: str, query: str = "", **headers: str) -> Iterator[HTTPResponse]:
        """As a client on the internet sends it: with https, and to the host's name."""
        connection = HTTPConnection(SITE)
        connection.sock = connect_with_tls(self.port)
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        connection.request(method, path, json.dumps({"query": query}) if query else None, sent)
        with closing(connection), connection.getresponse() as response:
            yield response

    def ask(self, query: str, **headers: str) -> dict[str, Any]:
        with self.send("POST", "/graphql/", query, **headers) as response:
            answer: dict[str, Any] = json.loads(response.read())
        assert "errors" not in answer, answer
        return answer["data"]


def connect_with_tls(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60), server_hostname=SITE)


@pytest.fixture(scope="module")
def production(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """webnet with the settings of a real installation, and a platform operator's token."""
    data_dir = tmp_path_factory.mktemp("webnet")
    shutil.copy(migrated_file, data_dir)
    done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **SERVE)
    assert done.returncode == 0, done.stderr
    token = next(word for word in done.stdout.split() if word.startswith("wn_"))
    with serve_production(data_dir, workers=1, **SERVE) as server:
        yield server, token


@pytest.fixture(scope="module", params=[serve_site_by_nginx, serve_site_by_caddy], ids=["nginx", "caddy"])
def site(
    request: pytest.FixtureRequest, production: tuple[Server, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    serve: Callable[[Server, Path], AbstractContextManager[int]] = request.param
    server, token = production
    with serve(server, tmp_path_factory.mktemp("proxy")) as port:
        yield Site(port, server, token)


def test_a_query_is_answered_with_https(site: Site) -> None:
    with site.send("POST", "/graphql/", "{ viewer { user { username } } }") as response:
        answer = json.loads(response.read())

    assert answer == {"data": {"viewer": {"user": {"username": "platform"}}}}
    # webnet tells browsers to stay with https only where it knows of it.
    assert "max-age" in response.headers["Strict-Transport-Security"]


def test_an_event_comes_while_its_stream_is_open(site: Site) -> None:
    events = 'subscription { pluginEvents(filter: {plugin: ["hello_world"]}) { node { reason } } }'
    site.ask(DISABLE % "before")

    with site.send("POST", "/graphql/", events, Accept="text/event-stream") as stream:
        opened = stream.readline()
        site.ask(ENABLE % "while it is open")
        seen = [opened]
        while seen[-1] and not seen[-1].startswith(b"data:"):
            seen.append(stream.readline())

    assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream"), seen
    assert opened.startswith(b":") and b'"while it is open"' in seen[-1], seen


@pytest.mark.parametrize("serve", [serve_site_by_nginx, serve_site_by_caddy], ids=["nginx", "caddy"])
def test_the_proxies_pass_it_on_that_a_stream_is_cut(
    serve: Callable[[Server, Path], AbstractContextManager[int]], tmp_path: Path
) -> None:
    sent = b": SERVER_STOPPING\n\n"

    with (
        cutting_streams(sent) as server,
        serve(server, tmp_path) as port,
        Site(port, server, token="").send("GET", "/graphql/", Accept="text/event-stream") as stream,
    ):
        found = read_until_cut(stream)

    # Before 2.8, Caddy completes the body of whatever is cut: docs/operations.md says what comes of it.
    is_passed_on = serve is serve_site_by_nginx or read_caddy_version() >= (2, 8)
    assert found == (sent, is_passed_on)


@pytest.mark.parametrize("serve", [serve_site_by_nginx, serve_site_by_caddy], ids=["nginx", "caddy"])
def test_the_proxies_pass_a_request_on_once_they_have_all_of_it(
    serve: Callable[[Server, Path], AbstractContextManager[int]], tmp_path: Path
) -> None:
    """One that Caddy still reads while its answer comes may be cut: a busy machine is enough for that."""
    head = f"POST /graphql/?%s HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 2\r\n\r\n"

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        behind = Server(host="127.0.0.1", port=listener.getsockname()[1], output="")
        with (
            serve(behind, tmp_path) as port,
            closing(connect_with_tls(port)) as slow,
            closing(connect_with_tls(port)) as quick,
        ):
            slow.sendall(f"{head % 'slow'}{{".encode())
            quick.sendall(f"{head % 'quick'}{{}}".encode())
            first = read_request_line(listener)
            slow.sendall(b"}")
            second = read_request_line(listener)

    assert (first, second) == (b"POST /graphql/?quick HTTP/1.1\r\n", b"POST /graphql/?slow HTTP/1.1\r\n")


def read_request_line(listener: socket.socket) -> bytes:
    """That of the next connection."""
    connection, _ = listener.accept()
    connection.settimeout(60)
    with connection, connection.makefile("rb") as request:
        return request.readline()


@contextmanager
def cutting_streams(sent: bytes) -> Iterator[Server]:
    """In place of a webnet that stops: it answers one request with a stream, and cuts it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as request:
            for _ in iter(request.readline, b"\r\n"):
                pass
            connection.sendall(head + b"%x\r\n%s\r\n" % (len(sent), sent))

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as executor:
        listener.settimeout(60)
        answering = executor.submit(answer)
        yield Server(host="127.0.0.1", port=listener.getsockname()[1], output="")
        answering.result(timeout=60)


def read_until_cut(stream: HTTPResponse) -> tuple[bytes, bool]:
    """All that is sent, and whether the body is incomplete."""
    try:
        return stream.read(), False
    except IncompleteRead as cut:
        return cut.partial, True


def test_clients_have_their_own_address_and_not_one_that_they_say(site: Site) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    site.ask(DISABLE % "reset")

    site.ask(ENABLE % "from where?", **lies)

    logged = site.ask("{ pluginAuditLogs(first: 1) { edges { node { reason ipAddress } } } }")
    assert logged["pluginAuditLogs"]["edges"] == [{"node": {"reason": "from where?", "ipAddress": "127.0.0.1"}}]


def test_strangers_have_no_metrics_and_choose_no_trace(site: Site) -> None:
    marked = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": f"by-{site.port}"}

    with site.send("GET", "/metrics") as metrics:
        page = metrics.read()
    site.ask("{ viewer { user { username } } }", **marked)

    assert metrics.status == 404 and b"webnet_" not in page
    line = site.server.wait_for(f"by-{site.port}").splitlines()[-1]
    assert TRACE not in line and f"by-{site.port}" in line


def read_unit(file: Path) -> dict[str, list[str]]:
    """The values of each `Section.Key`, in order."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in file.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(f"{section}.{key}", []).append(value)
    return found


def test_units_call_commands_that_there_are() -> None:
    called = {}
    for file in sorted(UNITS.glob("*.service")):
        (line,) = read_unit(file)["Service.ExecStart"]
        called[file.stem] = re.findall(r"/opt/webnet/bin/webnet (\w+)", line)

    assert called == {"webnet": ["serve"], "webnet-backup": ["backup"], "webnet-verify": ["verify_audit_log"]}
    assert {name for names in called.values() for name in names} <= set(get_commands())


def test_each_timer_has_its_service_and_the_server_is_stopped_in_time() -> None:
    timers = {file.stem for file in UNITS.glob("*.timer")}

    service = read_unit(UNITS / "webnet.service")

    assert timers == {"webnet-backup", "webnet-verify"}
    assert all((UNITS / f"{timer}.service").exists() for timer in timers)
    # The default of WEBNET_REQUEST_DEADLINE, and eight seconds.
    assert int(service["Service.TimeoutStopSec"][0]) > 30 + 8


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    analyze = find_program("systemd-analyze", package="systemd")
    for file in UNITS.iterdir():
        # webnet is not installed there on this machine, and systemd asks for the program.
        (tmp_path / file.name).write_text(file.read_text().replace("=/opt/webnet/bin/webnet", "=/bin/true"))

    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def read_container_file() -> list[tuple[str, str]]:
    """Each instruction with its arguments, with continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (DEPLOY / "Containerfile").read_text())
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_container_is_built_from_files_that_there_are() -> None:
    copied = [
        source
        for name, rest in read_container_file()
        if name == "COPY" and "--from" not in rest
        for source in shlex.split(rest)[:-1]
    ]

    assert [source for source in copied if not (ROOT / source).exists()] == []
    # What a wheel is built from, as pyproject.toml says.
    assert {"pyproject.toml", "hatch_build.py", "README.md", "frontend", "webnet", "examples/plugin_template"} <= {
        *copied
    }


def test_the_container_serves_as_nobody_in_particular_and_says_whether_it_lives() -> None:
    instructions = read_container_file()
    stages = [index for index, (name, _) in enumerate(instructions) if name == "FROM"]
    last = dict(instructions[stages[-1] :])

    assert len(stages) == 2
    assert last["USER"] == "webnet"
    assert "/healthz" in last["HEALTHCHECK"]
    assert (json.loads(last["ENTRYPOINT"]), json.loads(last["CMD"])) == (["webnet"], ["serve"])
    assert set(last) <= {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK",
                         "STOPSIGNAL", "ENTRYPOINT", "CMD"}  # fmt: skip
