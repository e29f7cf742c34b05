"""Run by `boot` in the new webnet's own interpreter: makes its tables and people, and prints their tokens as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

ROLES = ("viewer", "operator", "admin")


def main(slugs: Sequence[str]) -> None:
    """Bring the empty database up to date, with these customers and one person for each of their roles."""
    import django

    django.setup()
    sys.stdout.write(json.dumps(_prepare(slugs)))


def _prepare(slugs: Sequence[str]) -> dict[str, dict[str, str]]:
    from django.core.management import call_command

    from webnet.plugins.registry import registry
    from webnet.sdk.trial.fixtures_data import PLATFORM, House

    call_command("migrate", interactive=False, verbosity=0)
    house = House()
    tokens = {PLATFORM: house.make_token(house.make_person(PLATFORM))}
    for slug in slugs:
        customer = house.make_customer(slug)
        for role in ROLES:
            tokens[f"{role}@{slug}"] = house.make_token(house.make_person(role, customer))
    failed = {entry.name: f"is {entry.status}: {entry.reason}" for entry in registry.entries() if entry.reason}
    return {"tokens": tokens, "failed": failed}


if __name__ == "__main__":
    main(sys.argv[1:])
