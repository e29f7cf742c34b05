"""Django's `check`, which also fails for models without tenancy, an error that stops no other command."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import SystemCheckError
from django.core.management.commands import check

from webnet.plugins import checks


class Command(check.Command):
    help = "Checks the whole project, like Django's own command; also fails for plugins' models without tenancy."

    def handle(self, *labels: Any, **options: Any) -> None:
        super().handle(*labels, **options)
        errors = checks.check_tenancy(app_configs=[apps.get_app_config(label) for label in labels] or None)
        if errors:
            raise SystemCheckError("\n".join(str(error) for error in errors))
