"""The processor time from a worker's start to its first answer, with 50 plugins and with none.

    python benchmarks/start_up.py [--plugins 50] [--rounds 3]

Each plugin has three Django types, and the first request asks for the plugins of a customer that lacks one of them.
Fails when the first answer with plugins takes more than 3 s. Times are of the processor, so that others on the machine
count less; of all rounds the fastest counts. Python keeps what it compiles, as in an installation.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sample_plugins import make_environment, make_plugins

MOST_SECONDS = 3.0
LIMIT_SECONDS = 300
# Tables, the plugins, a customer who lacks one of them, and the token of an operator.
PREPARE = """
import django
django.setup()
from django.core.management import call_command
for command in ("migrate", "sync_plugins"):
    call_command(command, verbosity=0)
from tests.factories import make_customer, make_operator, make_token
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
make_token(make_operator(), secret="first")
customer = make_customer("acme")
PluginConfig.objects.update(enabled=True, availability="default_on")
for number, plugin in enumerate(PluginConfig.objects.all()):
    CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, enabled=number > 0)
"""
# What a worker of `manage.py serve` does before it takes its first request.
START = """
from webnet.server.worker import load_application
application = load_application(0, workers=1)
"""
# And that request, as granian hands it over; prints the answer.
ANSWER = (
    START
    + """
import asyncio, json
from webnet.server.event_loop import make_loop

query = "{ customerPluginConfigs(first: 100) { edges { node { effective effectiveSettings plugin { name } } } } }"
body = json.dumps({"query": query}).encode()
headers = {"authorization": "Bearer first", "content-type": "application/json", "host": "localhost"}
headers["content-length"] = str(len(body))
scope = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
    "path": "/graphql/acme/", "raw_path": b"/graphql/acme/", "root_path": "", "query_string": b"",
    "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8_000),
}

async def ask():
    requests = iter([{"type": "http.request", "body": body}])
    async def receive():
        return next(requests, None) or await asyncio.Future()
    async def send(message):
        print(message.get("body", b"").decode(), end="", flush=True)
    await application(scope, receive, send)

make_loop().run_until_complete(ask())
"""
)


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """Of the processor: for a worker's start alone, and with its first answer."""

    start: float
    answer: float


def measure(plugins: int, *, rounds: int) -> Seconds:
    """The fastest of so many starts, each in an interpreter of its own."""
    with tempfile.TemporaryDirectory() as folder:
        names = make_plugins(Path(folder) / "packages", count=plugins)
        environment = make_environment(folder, names)
        run(["-c", PREPARE], environment)
        if (answer := run(["-c", ANSWER], environment)).count('"effective":') != plugins:
            raise AssertionError(answer)
        rows = [Seconds(start=time(START, environment), answer=time(ANSWER, environment)) for _ in range(rounds)]
    return Seconds(start=min(each.start for each in rows), answer=min(each.answer for each in rows))


def time(script: str, environment: dict[str, str]) -> float:
    """What one process takes, with all that it has others do for it."""
    before = used_seconds()
    run(["-c", script], environment)
    return used_seconds() - before


def run(arguments: list[str], environment: dict[str, str]) -> str:
    """What an interpreter prints."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    ).stdout


def used_seconds() -> float:
    """Of the processor, by all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def judge(seconds: float) -> bool:
    """Whether the promise holds."""
    return seconds <= MOST_SECONDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    found = {plugins: measure(plugins, rounds=wanted.rounds) for plugins in (0, wanted.plugins)}
    for plugins, seconds in found.items():
        print(f"{plugins} plugins: start {seconds.start:.2f} s, first answer after {seconds.answer:.2f} s")
    none, all_of_them = found[0].answer, found[wanted.plugins].answer
    each = (all_of_them - none) / max(1, wanted.plugins) * 1_000
    print(f"{all_of_them / none:.1f} times as long; for each plugin {each:.0f} ms")
    is_good = judge(all_of_them)
    print("good" if is_good else f"NOT GOOD: at most {MOST_SECONDS} s")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
