"""The app of the sample plugin."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "shelf"
    default_auto_field = "django.db.models.BigAutoField"
