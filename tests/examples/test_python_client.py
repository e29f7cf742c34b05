"""The client in Python does what its README says: generated from this commit's schema, against a real server."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, islice, product
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.databases import with_files_of_its_own
from tests.docs.comparing import require_text
from tests.docs.console_blocks import read_commands
from tests.docs.documents import Document
from tests.node import missing
from tests.servers import ROOT, Server, find_free_port, run_command, serve_webnet

pytestmark = with_files_of_its_own

EXAMPLE = ROOT / "examples" / "python_client"
README = Document.read(EXAMPLE / "README.md")
INSTALL, FIRST_REPORT = [read_commands(block.text) for block in README.blocks() if block.language == "console"]
LIMIT_SECONDS = 120
DEMO, FURTHER = ["acme", "globex"], [f"customer-{number}" for number in range(5)]
PLUGINS = ["device_inventory", "hello_world", "reachability", "site_map"]
PREPARE = """mutation {
  updateCustomerPluginSettings(input: { customer: "acme", plugin: "hello_world", settings: { greeting: "HEY" } }) {
    __typename }
  checkPluginHealth(input: { plugin: "hello_world", customer: "acme" }) { __typename } }"""
CREATE = "mutation($slug: String!) { createCustomer(input: { slug: $slug, name: $slug }) { __typename } }"
TOGGLE = """mutation($reason: String!) {
  disableCustomerPlugin(input: { customer: "acme", plugin: "hello_world", reason: $reason }) { __typename }
  enableCustomerPlugin(input: { customer: "acme", plugin: "hello_world", reason: $reason }) { __typename } }"""
TOGGLED = ("disable_customer_plugin", "enable_customer_plugin")


@dataclass
class Site:
    """A webnet with demo data on one port, which can be stopped and started again."""

    data_dir: Path
    token: str = ""
    first_report: str = ""
    port: int = field(default_factory=find_free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server: Server = self._running.enter_context(serve_webnet(self.data_dir, PORT=str(self.port)))

    def stop(self) -> None:
        self._running.close()

    def run(self, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.post(f"{self.url}/graphql/", json=body, headers=headers, trust_env=False, timeout=LIMIT_SECONDS)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's folder in a fresh checkout, installed as its README says."""
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(EXAMPLE, checkout / "examples/python_client", ignore=shutil.ignore_patterns("client", ".*"))
    for path in ("schema.graphql", "requirements/python-client.txt", "LICENSE"):
        (checkout / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, checkout / path)
    commands = [command for command, _ in INSTALL]
    first_of_its_own = commands.index(".venv/bin/ariadne-codegen")
    # Without a registry, nothing can be tested; what comes afterwards has to succeed.
    done = run_shell(commands[:first_of_its_own], folder=checkout)
    if done.returncode:
        missing(f"the environment of examples/python_client: {done.stderr[-600:]}")
    done = run_shell([commands[0], *commands[first_of_its_own:]], folder=checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout / "examples/python_client"


@pytest.fixture(scope="module")
def site(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    site.start()
    create_token = shlex.split(FIRST_REPORT[0][0].partition("manage.py ")[2].strip().rstrip(")"))
    site.token = run_command(*create_token, data_dir=site.data_dir).stdout.strip()
    site.first_report = report(home, site).stdout
    site.run(PREPARE)
    for slug in FURTHER:
        site.run(CREATE, slug=slug)
    yield site
    site.stop()


def run_shell(commands: list[str], *, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run them in one shell, for a reader who has uv: here it is among the packages for development."""
    environment = own_environment()
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    captured: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 2 * LIMIT_SECONDS}
    return subprocess.run(["sh", "-e", "-c", "\n".join(commands)], cwd=folder, env=environment, check=False, **captured)


def own_environment() -> dict[str, str]:
    """Without the paths of the tests' own Python, which the client's may be another version of."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def start_report(home: Path, site: Site, *options: str, url: str = "", **changes: Any) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "WEBNET_TOKEN": site.token, "NO_PROXY": "*"}
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    return subprocess.Popen([home / ".venv/bin/webnet-report", "--url", url or site.url, *options], **piped | changes)


def report(home: Path, site: Site, *options: str, **changes: Any) -> subprocess.CompletedProcess[str]:
    with start_report(home, site, *options, **changes) as process:
        try:
            stdout, stderr = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def pairs(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    """The customer and the plugin of each line of JSON."""
    assert done.returncode == 0, done.stderr
    return [(row["customer"], row["plugin"]) for row in map(json.loads, done.stdout.splitlines())]


@contextmanager
def stand_before(site: Site, answers: dict[int, Callable[[], tuple[int, dict[str, str]] | None]]) -> Iterator[str]:
    """An address that passes requests on to webnet, apart from those of these numbers.

    Such a one is answered with the status and headers that the function returns, or cut off if it returns none.
    """
    numbers = count(1)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = answers.get(next(numbers))
            if answer is None:
                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
                sent = {"content": body, "headers": headers, "timeout": LIMIT_SECONDS, "trust_env": False}
                passed = httpx.post(site.url + self.path, **sent)
                self.reply(passed.status_code, {"Content-Type": "application/json"}, passed.content)
            elif given := answer():
                self.reply(*given, b"")
            self.close_connection = True

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Nothing goes to the tests' own output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_its_readme_shows_the_first_report(site):
    _, (command, shown) = FIRST_REPORT

    assert command.strip() == ".venv/bin/webnet-report"
    require_text(shown, site.first_report)


def test_the_report_has_every_plugin_of_every_customer_on_all_pages(home, site):
    done = report(home, site, "--json", "--page-size", "2")

    assert pairs(done) == list(product([DEMO[0], *FURTHER, DEMO[1]], PLUGINS))
    assert done.stderr == ""  # no progress bar where there is no terminal
    rows = {(row["customer"], row["plugin"]): row for row in map(json.loads, done.stdout.splitlines())}
    greeting, devices = rows["acme", "hello_world"], rows["globex", "device_inventory"]
    assert (greeting["effective"], greeting["settings_revision"], greeting["health"]) == (True, 1, "DEGRADED")
    assert (devices["effective"], devices["codes"]) == (False, ["DISABLED_GLOBALLY", "NOT_SWITCHED_ON"])


def test_the_table_says_why(home, site):
    lines = report(home, site).stdout.splitlines()

    assert len(lines) == 1 + len(DEMO + FURTHER) * len(PLUGINS)
    (greeting,) = [line for line in lines if line.startswith("acme ") and " hello_world " in line]
    assert " yes " in greeting and " revision 1 " in greeting and " degraded " in greeting
    assert len({line.index("revision") for line in lines[1:]}) == 1


def test_a_terminal_has_a_progress_bar(home, site):
    terminal, end = os.openpty()
    termios.tcsetwinsize(end, (24, 80))  # one of no size would show nothing

    done = report(home, site, stderr=end)

    os.close(end)
    shown = os.read(terminal, 100_000)  # it would raise OSError if there were nothing
    os.close(terminal)
    assert b"/7 [" in shown
    assert done.returncode == 0


def test_a_busy_server_is_asked_again_when_it_says(home, site):
    busy = {2: lambda: (429, {"Retry-After": "2"}), 3: lambda: (503, {"Retry-After": "0"})}

    with stand_before(site, busy) as url:
        done = report(home, site, "--json", "--page-size", "3", url=url)

    assert pairs(done) == list(product([DEMO[0], *FURTHER, DEMO[1]], PLUGINS))
    assert "is busy (HTTP status 429). Trying again in 2.0 s." in done.stderr
    assert "is busy (HTTP status 503). Trying again in 0.0 s." in done.stderr


def test_a_server_that_restarts_between_pages_is_waited_for(home, site):
    with stand_before(site, {3: site.stop, 4: site.start}) as url:
        done = report(home, site, "--json", "--page-size", "3", url=url)

    assert pairs(done) == list(product([DEMO[0], *FURTHER, DEMO[1]], PLUGINS))
    assert done.stderr.count("can't be reached") == 2


def test_patience_has_an_end(home, site):
    with stand_before(site, {1: lambda: (503, {"Retry-After": "3600"})}) as url:
        done = report(home, site, url=url)

    assert done.returncode == 3
    # It gave up at once: the next attempt would have been an hour later.
    assert re.search(r"is busy \(HTTP status 503\)\. Gave up after \d s, since", done.stderr)


def read_toggles(process: subprocess.Popen[str], number: int) -> list[list[str]]:
    """The parts of the next lines about the plugin that the test toggles; a restart leaves rows of its own."""
    lines = (line.rstrip().split("  ") for line in iter(process.stdout.readline, ""))
    return list(islice((parts for parts in lines if len(parts) > 3 and parts[3] in TOGGLED), number))


def test_it_follows_through_a_restart_and_ends_quietly(home, site):
    with start_report(home, site, "--follow") as process:
        try:
            for _ in range(1 + len(DEMO + FURTHER) * len(PLUGINS)):
                process.stdout.readline()
            site.run(TOGGLE, reason="first")
            lines = read_toggles(process, 2)
            site.run(TOGGLE, reason="on its way")
            site.stop()
            site.start()
            site.run(TOGGLE, reason="a \x1b[31m trick")
            lines += read_toggles(process, 4)
        finally:
            process.send_signal(signal.SIGINT)
            rest, noted = process.communicate(timeout=LIMIT_SECONDS)

    reasons = ("first", "on its way", "a \N{REPLACEMENT CHARACTER}[31m trick")
    expected = [
        ["acme", "platform", action, "hello_world", "succeeded", reason] for reason in reasons for action in TOGGLED
    ]
    assert [parts[1:] for parts in lines] == expected
    assert (rest, process.returncode) == ("", 130)
    assert {line.partition(": ")[0] for line in noted.splitlines()} == {"webnet-report"}


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"WEBNET_TOKEN": "wn_mistyped"}, 4, "WEBNET_TOKEN is not accepted"),
        ({"WEBNET_TOKEN": ""}, 2, "set the environment variable WEBNET_TOKEN"),
        ({"options": ("--url", "webnet.example.com")}, 2, "must begin with http:// or https://"),
        ({"options": ("--page-size", "51")}, 2, "--page-size"),
        ({"options": ("--url", "{url}/sign-in")}, 5, "is not webnet"),
        ({"options": ("--url", "http://127.0.0.1:{free}", "--patience", "0.1")}, 3, "can't be reached"),
    ],
    ids=["wrong token", "no token", "no url", "large page", "not webnet", "nobody there"],
)
def test_what_ends_it_has_an_exit_code_and_a_sentence(home, site, changes, code, text):
    places = {"url": site.url, "free": find_free_port()}
    options = [option.format(**places) for option in changes.get("options", ())]
    token = changes.get("WEBNET_TOKEN", site.token)
    environment = {"PATH": os.environ["PATH"], "WEBNET_TOKEN": token, "NO_PROXY": "*"}

    done = report(home, site, *options, env=environment)

    assert done.returncode == code
    assert text in done.stderr and "Traceback" not in done.stderr
    assert not token or token not in done.stderr


def test_whoever_reads_no_further_ends_it(home, site):
    with start_report(home, site, "--json", "--page-size", "1") as process:
        process.stdout.close()
        noted = process.stderr.read()

    assert (process.returncode, noted) == (141, "")


def test_its_types_fit_what_was_generated(home):
    command = [sys.executable, "-m", "mypy", "--python-executable", home / ".venv/bin/python"]
    captured: dict[str, Any] = {"capture_output": True, "text": True, "timeout": LIMIT_SECONDS}
    done = subprocess.run(command, cwd=home, env=own_environment(), check=False, **captured)

    assert done.returncode == 0, done.stdout + done.stderr
