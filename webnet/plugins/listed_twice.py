"""Settles the case that a plugin stands in INSTALLED_APPS a second time, as the plain app that it is too."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings

from webnet.plugins.loading import app_config


def is_entry_of(entry: str, module: str) -> bool:
    """Whether an entry of INSTALLED_APPS is the plugin's own app: "my_plugin" or "my_plugin.apps.MyPluginConfig"."""
    return entry == module or entry.startswith(f"{module}.apps.")


def drop_other_entries(module: str, entry: str, app_name: str) -> None:
    """Leaves the plugin's own entry alone in the app registry, which is being filled.

    Those who write `from webnet.settings import *` and `INSTALLED_APPS += ["my_plugin"]` do so after `with_plugins`
    ran. Django walks along this very list, so a later entry can be taken out of it; an earlier one is an app already,
    with no models imported yet, and goes from the registry.
    """
    listed = settings.INSTALLED_APPS if settings.configured else ()
    if isinstance(listed, list) and entry in listed:
        own = listed.index(entry)
        listed[own + 1 :] = [other for other in listed[own + 1 :] if other != entry and not is_entry_of(other, module)]
    for label, config in list(apps.app_configs.items()):
        if config.name == app_name and not isinstance(config, app_config.IsolatedApp) and not apps.apps_ready:
            del apps.app_configs[label]
