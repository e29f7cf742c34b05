"""The app of the sample plugin."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "gauges"
    default_auto_field = "django.db.models.BigAutoField"
