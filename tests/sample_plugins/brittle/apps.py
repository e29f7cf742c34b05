"""The app of the sample plugin."""

from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "brittle"
