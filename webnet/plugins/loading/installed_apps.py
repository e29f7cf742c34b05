"""Puts the plugins into Django's INSTALLED_APPS, each in an app of ours that keeps its failures to itself.

Settings import this module, so nothing here may need Django to be set up. A plugin's entry is
`webnet.plugins.loading.installed_apps.<module>`, with colons for the module's dots: Django imports it like any class,
and `__getattr__` makes that class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module

from django.apps import AppConfig, apps
from django.conf import settings

from webnet.containment import LoadFailure, attempt
from webnet.errors import PluginDefinitionError
from webnet.plugins.loading import app_config
from webnet.plugins.loading.app_config import IsolatedApp, failed_apps, settle


def with_plugins(installed_apps: Iterable[str], plugin_modules: Iterable[str]) -> list[str]:
    """INSTALLED_APPS with each plugin in it once, after the host's apps; calling it again changes nothing.

    An entry for a plugin's own app is taken out, since the plugin's entry stands for it. A plugin whose package
    can't be imported stays out too; `failures` says why. A package is imported here, while settings are still being
    read, so its `__init__.py` and `apps.py` must not use them, nor models.
    """
    modules = tuple(dict.fromkeys(plugin_modules))
    host = [app for app in installed_apps if not any(app == _entry(m) or is_entry_of(app, m) for m in modules)]
    labels = {_guess_label(app): app for app in host}
    entries: list[str] = []
    for module in modules:
        found = _probe(module, labels)
        if isinstance(found, LoadFailure):
            failed_apps[module] = found
            continue
        failed_apps.pop(module, None)
        labels[found.label] = module
        entries.append(_entry(module))
    return [*host, *entries]


def failures() -> Mapping[str, LoadFailure]:
    """Why plugins are put aside on Django's side: their package, their models or their `ready()`; by module.

    Asked once all models are there, as from a `ready()`, it calls the plugins' own `ready()` first, so that the
    answer does not depend on the order of the apps.
    """
    if apps.models_ready:
        settle()
    return dict(failed_apps)


def __getattr__(name: str) -> type[AppConfig]:
    """The class of the plugin's app, made when Django asks for it; settings are complete by then."""
    module = name.replace(":", ".")
    if name.startswith("_") or module in failed_apps:
        raise AttributeError(name)
    own = AppConfig.create(module)
    drop_other_entries(module, _entry(module), own.name)
    return type(type(own).__name__, (IsolatedApp, type(own)), {"name": own.name, "__module__": __name__})


def _entry(module: str) -> str:
    return f"{__name__}.{module.replace('.', ':')}"


def _probe(module: str, labels: Mapping[str, str]) -> AppConfig | LoadFailure:
    """The plugin's own app, or why Django could not take it."""
    found = attempt(lambda: _create(module), doing=f"Importing '{module}'")
    if isinstance(found, AppConfig) and found.label in labels:
        words = f"'{module}' has the app label '{found.label}', as '{labels[found.label]}' has already"
        return LoadFailure(reason=f"{words}: give it another in its apps.py.")
    return found


def _create(module: str) -> AppConfig:
    if module in globals():
        raise PluginDefinitionError(f"A plugin's package can't be called '{module}' here: rename it.")
    try:
        package = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        words = f"There is no package '{module}': install it, or take it out of WEBNET_PLUGINS."
        raise PluginDefinitionError(words) from error
    if not hasattr(package, "__path__"):
        raise PluginDefinitionError(f"'{module}' is a single file: make it a folder with __init__.py and plugin.py.")
    config = AppConfig.create(module)
    if config.name != module:
        raise PluginDefinitionError(f"The apps.py of '{module}' is for '{config.name}': write name = '{module}'.")
    return config


def _guess_label(app: str) -> str:
    """The label of an app of the host, without importing it: the last part of its name, as Django makes it."""
    return app.partition(".apps.")[0].rpartition(".")[2]


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
