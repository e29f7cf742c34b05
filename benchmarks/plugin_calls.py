"""What the door to plugins' code costs: a list of 1,000 rows with a plugin's resolver each, with and without it.

    python benchmarks/plugin_calls.py [--rows 1000] [--rounds 40] [--with-box]

Fails when the list takes over 5 % longer with it. Both are asked for in turns, and the medians of processor time are
compared. The database is SQLite. The black box, which serving processes keep, is only kept with `--with-box`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from inspect import getclosurevars
from pathlib import Path
from statistics import median
from textwrap import dedent
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.servers import ROOT

MOST_TIMES = 1.05
LIMIT_SECONDS = 300
PLUGIN = """
    import strawberry
    from webnet.plugins.base import GraphQLExtension, PluginBase

    @strawberry.type
    class CountedRow:
        number: strawberry.Private[int]

        @strawberry.field
        def double(self) -> int:
            return self.number * 2

    @strawberry.type
    class CountingQueries:
        @strawberry.field
        def counted_rows(self, count: int) -> list[CountedRow]:
            return [CountedRow(number=number) for number in range(count)]

    class Plugin(PluginBase):
        name = "counting"
        version = "1.0"

        def get_graphql_schema(self):
            return GraphQLExtension(query=CountingQueries)
"""


class EitherWay:
    """A plugin's resolver, called through the door or without it, where all that is done is to look for exceptions."""

    def __init__(self, field: Any) -> None:
        self.uses_door = True
        self._with_door = field.resolve
        self._resolve = getclosurevars(field.resolve).nonlocals["resolve"]
        field.resolve = self.resolve

    def resolve(self, source: Any, info: Any) -> Any:
        return (self._with_door if self.uses_door else self._without_door)(source, info)

    def _without_door(self, source: Any, info: Any, **arguments: Any) -> Any:
        try:
            return self._resolve(source, info, **arguments)
        except Exception as error:
            raise AssertionError("No row of this benchmark fails.") from error


def measure(rows: int, *, rounds: int, with_box: bool) -> dict[str, float]:
    """In the child: the milliseconds with the door and without it."""
    from benchmarks.django_process import set_up_django

    set_up_django()
    from django.core.management import call_command

    from tests.api.client import GraphQLClient
    from tests.factories import make_customer, make_operator
    from webnet import black_box
    from webnet.api.schema import full_schema
    from webnet.customers.access import Actor
    from webnet.plugins.manager import manager

    call_command("migrate", verbosity=0)
    manager.sync(actor=Actor.system("benchmark"))
    make_customer("acme")
    manager.enable("counting", actor=Actor.system("benchmark"))
    manager.enable("counting", actor=Actor.system("benchmark"), customer="acme")
    if not with_box:
        black_box.own = None
    # Before the first request: the schemas that are derived from this one share its fields.
    either_way = EitherWay(full_schema().schema.graphql.type_map["CountedRow"].fields["double"])
    client = GraphQLClient.of(make_operator("reader"), view="acme")
    taken: dict[str, list[float]] = {"with": [], "without": []}
    for number in range(rounds + 2):
        # In turns, and neither is always the first.
        for name in sorted(taken, reverse=number % 2 == 1):
            either_way.uses_door = name == "with"
            started = process_time()
            answer = client.run(f"{{ countedRows(count: {rows}) {{ double }} }}")
            ended = process_time()
            if len(answer["data"]["countedRows"]) != rows:
                raise AssertionError(answer)
            if number >= 2:  # The first ones fill caches.
                taken[name].append((ended - started) * 1000)
    return {name: median(each) for name, each in taken.items()}


def measure_in_child(rows: int, *, rounds: int, with_box: bool) -> dict[str, float]:
    """The figures, from an interpreter with the plugin."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "counting"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "plugin.py").write_text(dedent(PLUGIN))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")} | {
            "DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite3",
            "DJANGO_SETTINGS_MODULE": "webnet.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), folder]),
            "WEBNET_ALLOWED_HOSTS": "testserver",
            "WEBNET_DATA_DIR": folder,
            "WEBNET_DEBUG": "1",
            "WEBNET_PLUGINS": "counting",
            "WEBNET_SECRET_KEY": "for-a-benchmark",
        }
        command = [sys.executable, __file__, "--measure", "--rows", str(rows), "--rounds", str(rounds)]
        command += ["--with-box"] if with_box else []
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, check=True
        )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--with-box", action="store_true", help="with the black box as well")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.rows, rounds=options.rounds, with_box=options.with_box)))
        return 0
    found = measure_in_child(options.rows, rounds=options.rounds, with_box=options.with_box)
    ratio = found["with"] / found["without"]
    print(f"{options.rows} rows: {found['with']:.1f} ms with the door, {found['without']:.1f} ms without: {ratio:.3f}")
    return int(ratio > MOST_TIMES)


if __name__ == "__main__":
    sys.exit(main())
