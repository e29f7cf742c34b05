"""Builds the schema for trial and prints, as JSON, which plugins' parts don't build: started by the host itself."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from webnet.api import trial_build
from webnet.api.contributions import find_contributions
from webnet.api.schema import build
from webnet.plugins.registry import registry


class Command(BaseCommand):
    help = (
        "Prints which plugins' GraphQL types don't build, and why, as one line of JSON: {plugin: {reason, traceback}}."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own attribute; they would build the schema

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        failures = trial_build.run(find_contributions(registry.loaded()), build)
        self.stdout.write(json.dumps({name: vars(failure) for name, failure in failures.items()}))
