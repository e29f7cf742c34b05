"""Registers the plugin rooms with Django, and loads the plugins once all models are there."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

import webnet


class PluginsConfig(AppConfig):
    name = "webnet.plugins"
    label = "plugins"
    verbose_name = "Plugins"

    def ready(self) -> None:
        from webnet.plugins import loading
        from webnet.plugins.registry import registry

        post_migrate.connect(_make_platform_rows, sender=self)
        registry.load(settings.WEBNET_PLUGINS, host_version=webnet.__version__, failures=loading.failures())
        registry.freeze()


def _make_platform_rows(**_: object) -> None:
    from webnet.plugins.operation import create_generation

    create_generation(None)
