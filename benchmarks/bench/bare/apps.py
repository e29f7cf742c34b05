"""The app of the bare views."""

from django.apps import AppConfig


class BareConfig(AppConfig):
    name = "benchmarks.bench.bare"
    label = "bare"
    default_auto_field = "django.db.models.BigAutoField"
