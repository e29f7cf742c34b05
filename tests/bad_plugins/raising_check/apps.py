"""Adds a check of its own, which raises."""

from django.apps import AppConfig
from django.core.checks import register


class RaisingCheckConfig(AppConfig):
    name = "raising_check"

    def ready(self):
        register(look)


def look(**_):
    raise RuntimeError("can't look")
