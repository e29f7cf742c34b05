"""Django's `check`, which also refuses what only plugins' authors can mend, and no other command stops for."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import SystemCheckError
from django.core.management.commands import check

from webnet.plugins import checks


class Command(check.Command):
    help = "Django's own check of the whole project; also exits with 1 for a model of a plugin without tenancy."

    def handle(self, *labels: Any, **options: Any) -> None:
        super().handle(*labels, **options)
        errors = checks.check_tenancy(app_configs=[apps.get_app_config(label) for label in labels] or None)
        if errors:
            raise SystemCheckError("\n".join(str(error) for error in errors))
