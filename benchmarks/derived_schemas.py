"""What a customer's own schema costs: the first request for a new set of plugins, and the memory that it keeps.

    python benchmarks/derived_schemas.py [--plugins 50 200] [--sets 20]

Fails when, with 50 plugins of three Django types each, the first request for a set takes over 20 ms longer than the
next one, or a derived schema takes 1 MB; and when, with any number of plugins, deriving takes a tenth of a full build.
Times are of the processor, so that others on the machine do not count.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sample_plugins import make_environment, make_plugins

FIRST_REQUEST_MS = 20
LARGEST_KIB = 1_000_000 / 1024
SHARE_OF_BUILD = 0.1
# With how many plugins the first two hold.
PROMISED_PLUGINS = 50
LIMIT_SECONDS = 900
QUERY = json.dumps({"query": "{ viewer { user { username } } plugins(first: 5) { edges { node { name } } } }"})


def measure_in_child(plugins: int, *, sets: int) -> dict[str, float]:
    """The figures for so many plugins, from an interpreter of its own."""
    with tempfile.TemporaryDirectory() as folder:
        names = make_plugins(Path(folder) / "packages", count=plugins)
        environment = make_environment(folder, names)
        command = [sys.executable, __file__, "--measure", "--sets", str(sets)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, check=True
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(sets: int) -> dict[str, float]:
    """In the child: all times in milliseconds, memory in KiB."""
    build_ms = set_up()
    derive_ms, kib = measure_derivations(sets)
    first_ms, next_ms = measure_requests(sets)
    return {"build": build_ms, "derive": derive_ms, "kib": kib, "first": first_ms, "next": next_ms}


def set_up() -> float:
    """Start webnet with an empty database; how long the one build of the full schema took."""
    from benchmarks.django_process import set_up_django
    from webnet.api.apps import ApiConfig

    ApiConfig.ready = lambda _: None  # type: ignore[method-assign]  # the schema is built here instead, and timed
    set_up_django()
    from webnet.api import schema

    taken: list[float] = []
    build = schema.build

    def build_timed(*arguments: Any) -> Any:
        gc.collect()
        started = process_time()
        built = build(*arguments)
        taken.append(milliseconds_since(started))
        return built

    schema.build = build_timed
    schema.full_schema()
    return taken[-1]


def measure_derivations(sets: int) -> tuple[float, float]:
    """(time to derive a schema without one plugin, memory that each keeps) of so many."""
    from webnet.api.schema import full_schema
    from webnet.api.visibility import derive

    full = full_schema()
    hidden = [frozenset([name]) for name in sorted(full.owners.plugins)]
    derive(full, hidden[0])  # what the first one leaves for all
    gc.collect()
    full.schema.export()  # what it remembers is not theirs
    times = [time_of(lambda without=without: derive(full, without)) for without in choose(hidden, sets)]
    tracemalloc.start()
    kept = [derive(full, without) for without in choose(hidden, sets)]
    for each in kept:
        each.export()  # so that every type is made, as for an introspection
    gc.collect()
    kib = tracemalloc.get_traced_memory()[0] / 1024 / len(kept)
    tracemalloc.stop()
    return median(times), kib


def measure_requests(sets: int) -> tuple[float, float]:
    """(the first request after a plugin was switched for the customer, the one after it)."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from tests.factories import make_customer, make_operator, make_token
    from webnet.api.schema import full_schema
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager
    from webnet.plugins.models import PluginConfig

    # The plugins' own tables are not needed, and to make those of 200 takes minutes.
    settings.MIGRATION_MODULES.update(dict.fromkeys(full_schema().owners.plugins))
    call_command("migrate", verbosity=0)
    system = Actor.system("benchmark")
    manager.sync(actor=system)
    PluginConfig.objects.update(enabled=True, availability="default_on")
    make_customer("acme")
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {make_token(make_operator())}"})

    def ask() -> float:
        started = process_time()
        answer = client.post("/graphql/acme/", QUERY, content_type="application/json")
        taken = milliseconds_since(started)
        assert "errors" not in answer.json(), answer.content  # noqa: S101 - what is measured is a good answer
        return taken

    for _ in range(3):
        ask()
    first, following = [], []
    for name in choose(sorted(PluginConfig.objects.values_list("name", flat=True)), sets):
        manager.disable(name, actor=system, customer="acme")
        first.append(ask())
        following.append(ask())
    return median(first), median(following)


def choose(items: list[Any], count: int) -> list[Any]:
    """So many of them, from all parts of the list."""
    return items[:: max(1, len(items) // count)][:count]


def time_of(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return milliseconds_since(started)


def milliseconds_since(started: float) -> float:
    return (process_time() - started) * 1000


def judge(plugins: int, figures: dict[str, float]) -> bool:
    """Print the figures, and whether they are as promised."""
    more, share = figures["first"] - figures["next"], figures["derive"] / figures["build"]
    print(f"{plugins} plugins of three Django types each:")
    print(f"  full build {figures['build']:.0f} ms; a derived schema {figures['derive']:.1f} ms, {share:.4f} of it")
    print(f"  memory of a derived schema: {figures['kib']:.0f} KiB")
    print(f"  first request for a set {figures['first']:.1f} ms, the next {figures['next']:.1f} ms: {more:.1f} ms more")
    is_promised = plugins <= PROMISED_PLUGINS
    is_cheap = not is_promised or (more <= FIRST_REQUEST_MS and figures["kib"] < LARGEST_KIB)
    return is_cheap and share < SHARE_OF_BUILD


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, nargs="+", default=[50, 200], help="with how many to measure")
    parser.add_argument("--sets", type=int, default=20, help="how many sets of plugins are derived and asked for")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measure(wanted.sets)))
        return 0
    found = [judge(count, measure_in_child(count, sets=wanted.sets)) for count in wanted.plugins]
    print("good" if all(found) else "NOT GOOD")
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
