"""Registers the app with Django, and loads the plugins once all models are loaded."""

from multiprocessing.util import Finalize

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import Tags, register
from django.db import connections
from django.db.models.signals import post_migrate

import webnet


class PluginsConfig(AppConfig):
    name = "webnet.plugins"
    label = "plugins"
    verbose_name = "Plugins"

    def ready(self) -> None:
        from webnet import black_box
        from webnet.plugins import checks
        from webnet.plugins.loading import installed_apps
        from webnet.plugins.loading.host_code import host_code
        from webnet.plugins.loading.snapshots import watching
        from webnet.plugins.registry import registry

        post_migrate.connect(_complete_database, sender=self)
        register(checks.check_settings_keys, Tags.security)
        register(checks.check_letter_case, Tags.database)
        _import_admin_pages_of_host()
        broken = installed_apps.failures()  # First, since it removes the models of plugins that failed.
        failures = {**checks.find_untenanted_plugins(), **broken}
        black_box.open_box(settings.WEBNET_DATA_DIR / black_box.FOLDER)
        host_code.expect_changes()
        version = webnet.__version__
        registry.load(settings.WEBNET_PLUGINS, host_version=version, failures=failures, watching=watching)
        registry.freeze()
        host_code.forget()
        connections.close_all()  # Whatever an on_load has left on them.
        # Unlike `atexit`, this also runs in processes that `multiprocessing` starts, such as granian's workers.
        Finalize(None, registry.unload_all, exitpriority=0)


def _import_admin_pages_of_host() -> None:
    from webnet.plugins.loading.app_config import IsolatedApp
    from webnet.plugins.loading.imports import import_admin_pages

    for config in apps.get_app_configs():
        if not isinstance(config, IsolatedApp):
            import_admin_pages(config)


def _complete_database(*, using: str, **_: object) -> None:
    """Create the rows and triggers that every database must have; not while migrations are being reversed."""
    from webnet.audit import triggers as audit_triggers
    from webnet.audit.operation import create_generation

    tables = {model._meta.db_table for model in apps.get_app_config("plugins").get_models()}
    if not tables <= set(connections[using].introspection.table_names()):
        return
    create_generation(None)
    audit_triggers.install(connections[using])
