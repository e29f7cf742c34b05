"""Registers the API with Django, for its templates, static files and command."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "webnet.api"
    label = "api"
    verbose_name = "API"
