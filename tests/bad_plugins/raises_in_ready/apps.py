"""Raises as soon as all models are there."""

from django.apps import AppConfig


class RaisesInReadyConfig(AppConfig):
    name = "raises_in_ready"

    def ready(self):
        raise RuntimeError("not ready")
