"""Prepares the database of a booted webnet: run by `boot` as a module, prints the users' tokens as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

ROLES = ("viewer", "operator", "admin")


def main(slugs: Sequence[str]) -> None:
    """Migrate the empty database, and create these customers with a user for each role."""
    import django

    django.setup()
    sys.stdout.write(json.dumps(_prepare(slugs)))


def _prepare(slugs: Sequence[str]) -> dict[str, dict[str, str]]:
    from django.core.management import call_command

    from webnet.plugins.registry import registry
    from webnet.sdk.trial.fixtures_data import PLATFORM, FixtureFactory

    call_command("migrate", interactive=False, verbosity=0)
    fixtures = FixtureFactory()
    tokens = {PLATFORM: fixtures.make_token(fixtures.make_person(PLATFORM))}
    for slug in slugs:
        customer = fixtures.make_customer(slug)
        for role in ROLES:
            tokens[f"{role}@{slug}"] = fixtures.make_token(fixtures.make_person(role, customer))
    failed = {entry.name: f"is {entry.status}: {entry.reason}" for entry in registry.entries() if entry.reason}
    return {"tokens": tokens, "failed": failed}


if __name__ == "__main__":
    main(sys.argv[1:])
