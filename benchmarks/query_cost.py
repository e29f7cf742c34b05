"""How long it takes to count what an operation costs: for the largest documents that are accepted, and for known ones.

    python benchmarks/query_cost.py [--rounds 200]

Fails when counting takes 1 ms or more for any of the documents of 1,000 tokens: all fields, all levels, a square of
fragments, and fragments that double each other; or when a document that was counted before takes over 0.05 ms. The
median counts, and nothing is read from a database.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

MOST_MS = 1.0
MOST_KNOWN_MS = 0.05


def make_documents(tokens: int) -> dict[str, str]:
    """Documents of as many tokens as are accepted, each the worst of its kind."""
    levels = "node { customerConfigs { edges { node { plugin { auditLogs { edges { node { id } } } } } } } }"
    deep = f"plugins {{ edges {{ {levels} }} }} "
    few = 28
    square = [
        f"fragment F{n} on Query {{ __typename {' '.join(f'...F{each}' for each in range(n + 1, few))} }}"
        for n in range(few)
    ]
    doubles = [f"fragment D{n} on Query {{ ...D{n + 1} ...D{n + 1} __typename }}" for n in range(tokens // 11 - 2)]
    last = f"fragment D{len(doubles)} on Query {{ __typename }}"
    return {
        "fields": "{" + " __typename" * (tokens - 2) + "}",
        "levels": "{" + deep * ((tokens - 2) // len(deep.replace("{", "{ ").split())) + "}",
        "a square of fragments": "{ ...F0 } " + " ".join(square),
        "doubling fragments": "{ ...D0 } " + " ".join([*doubles, last]),
    }


def measure(rounds: int) -> dict[str, tuple[int, float, float]]:
    """(tokens, milliseconds to count, milliseconds when it is known) of each document."""
    from benchmarks.django_process import set_up_django

    set_up_django()
    from graphql import parse

    from webnet.api.engine.cost import SameDocument, measure_cost, read_sizes
    from webnet.api.engine.limits import MAXIMUM_TOKENS
    from webnet.api.schema import full_schema

    schema = full_schema().schema
    found: dict[str, tuple[int, float, float]] = {}
    for name, text in make_documents(MAXIMUM_TOKENS).items():
        document = parse(text, max_tokens=MAXIMUM_TOKENS)
        counted, known = [], []
        for _ in range(rounds):
            started = perf_counter()
            measure_cost(schema.graphql, SameDocument(document), None, read_sizes(document, None, {}))
            counted.append((perf_counter() - started) * 1_000)
            started = perf_counter()
            schema.priced(schema.graphql, SameDocument(document), None, read_sizes(document, None, {}))
            known.append((perf_counter() - started) * 1_000)
        found[name] = (document.token_count, median(counted), median(known))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = {"DJANGO_SETTINGS_MODULE": "webnet.settings", "WEBNET_DEBUG": "1", "WEBNET_PLUGINS": ""}
        os.environ.update(settings, WEBNET_DATA_DIR=folder)
        found = measure(options.rounds)
    for name, (tokens, counted, known) in found.items():
        print(f"{name}: {tokens} tokens, {counted:.2f} ms to count, {known:.3f} ms when known")
    is_good = all(counted < MOST_MS and known <= MOST_KNOWN_MS for _, counted, known in found.values())
    print("good" if is_good else f"NOT GOOD: less than {MOST_MS} ms to count, and {MOST_KNOWN_MS} ms when known")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
