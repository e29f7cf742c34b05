"""Django's `check`, which also reports plugins that could not be loaded, and fails for models without tenancy."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks.registry import registry
from django.core.management.base import SystemCheckError
from django.core.management.commands import check

from webnet.plugins import checks


class Command(check.Command):
    help = "Checks the whole project, like Django's own command; also fails for plugins' models without tenancy."

    def handle(self, *labels: Any, **options: Any) -> None:
        # For this command alone: with any other, a broken plugin would be reported by its log line and by this.
        registry.register(checks.check_plugins)
        try:
            super().handle(*labels, **options)
        finally:
            registry.registered_checks.discard(checks.check_plugins)
        errors = checks.check_tenancy(app_configs=[apps.get_app_config(label) for label in labels] or None)
        if errors:
            raise SystemCheckError("\n".join(str(error) for error in errors))
