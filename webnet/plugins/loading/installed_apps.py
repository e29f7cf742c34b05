"""Adds the plugins to Django's INSTALLED_APPS, each with an AppConfig of ours that contains its failures.

Settings import this module, so nothing here may require Django to be set up. A plugin's entry is
`webnet.plugins.loading.installed_apps.<module>`, with colons instead of the module's dots: Django imports it like any
class, and `__getattr__` creates that class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings

from webnet.containment import LoadFailure, attempt
from webnet.errors import PluginDefinitionError
from webnet.plugins.loading import app_config
from webnet.plugins.loading.app_config import IsolatedApp, failed_apps, settle
from webnet.plugins.loading.host_code import host_code
from webnet.plugins.loading.imports import lacks_init
from webnet.plugins.loading.snapshots import watching
from webnet.sentences import sentence

# Django imports these by name, and takes a folder without an __init__.py for an empty one; see also
# `missing_migrations`.
PACKAGES = ("models", "templatetags")


def with_plugins(installed_apps: Iterable[str], plugin_modules: Iterable[str]) -> list[str]:
    """INSTALLED_APPS with each plugin once, after the host's apps; calling it again changes nothing.

    An entry for a plugin's own app is removed, since the plugin's entry replaces it. A plugin whose package can't be
    imported is left out, with a reason in `failures`. Packages are imported here, while the settings are still being
    loaded, so their `__init__.py` and `apps.py` can use neither settings nor models.
    """
    modules = tuple(dict.fromkeys(plugin_modules))
    host_code.expect_changes()
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
    """Why Django could not load plugins (their package, models, migrations or `ready()`), by module.

    If all models are loaded, as in a `ready()`, this calls the plugins' own `ready()` first, so that the result does
    not depend on the order of the apps.
    """
    if apps.models_ready:
        settle()
    return dict(failed_apps)


def __getattr__(name: str) -> type[AppConfig]:
    """The AppConfig class of a plugin, created when Django imports it; the settings are complete by then."""
    module = name.replace(":", ".")
    if name.startswith("_") or module in failed_apps:
        raise AttributeError(name)
    own = AppConfig.create(module)
    host_code.expect_changes()
    drop_other_entries(module, _entry(module), own.name)
    return type(type(own).__name__, (IsolatedApp, type(own)), {"name": own.name, "__module__": __name__})


def _entry(module: str) -> str:
    return f"{__name__}.{module.replace('.', ':')}"


def _probe(module: str, labels: Mapping[str, str]) -> AppConfig | LoadFailure:
    """The plugin's own AppConfig, or why Django could not use it."""
    found = attempt(lambda: _create(module), doing=sentence("Importing '{module}'", module=module))
    if isinstance(found, AppConfig) and found.label in labels:
        reason = sentence(
            "'{module}' has the app label '{label}', which '{other}' has too: set another label in its apps.py.",
            module=module,
            label=found.label,
            other=labels[found.label],
        )
        return LoadFailure(reason=reason)
    return found


def _create(module: str) -> AppConfig:
    if module in globals():  # `__getattr__` is not called for such a name.
        raise PluginDefinitionError(f"A plugin's package can't be named '{module}': rename it.")
    with watching(module):
        return _import_app(module)


def _import_app(module: str) -> AppConfig:
    try:
        package = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        message = sentence(
            "There is no package '{module}': install it, or remove it from WEBNET_PLUGINS.", module=module
        )
        raise PluginDefinitionError(message) from error
    if not hasattr(package, "__path__"):
        raise PluginDefinitionError(f"'{module}' is a single file: make it a package with __init__.py and plugin.py.")
    if package.__file__ is None:
        folders = list(package.__path__)
        own = next((folder for folder in folders if Path(folder, "plugin.py").exists()), folders[0])
        raise PluginDefinitionError(f"The folder '{own}' has no __init__.py: add an empty one.")
    config = AppConfig.create(module)
    overlooked = [folder for name in PACKAGES if lacks_init(folder := Path(config.path, name))]
    if overlooked:
        raise PluginDefinitionError(f"The folder '{overlooked[0]}' has no __init__.py: add an empty one.")
    if config.name != module:
        raise PluginDefinitionError(f"The apps.py of '{module}' is for '{config.name}': set name = '{module}'.")
    return config


def _guess_label(app: str) -> str:
    """The default label of an app of the host, without importing it: the last part of its name."""
    return app.partition(".apps.")[0].rpartition(".")[2]


def is_entry_of(entry: str, module: str) -> bool:
    """Whether an entry of INSTALLED_APPS is the plugin's own app: "my_plugin" or "my_plugin.apps.MyPluginConfig"."""
    return entry == module or entry.startswith(f"{module}.apps.")


def drop_other_entries(module: str, entry: str, app_name: str) -> None:
    """Remove all other entries for the plugin from the app registry, which is being populated.

    A settings module with `from webnet.settings import *` and `INSTALLED_APPS += ["my_plugin"]` adds an entry after
    `with_plugins` ran. Django iterates over this very list, so later entries can be removed from it. An earlier one is
    in `app_configs` already, without its models, and is removed from there.
    """
    listed = settings.INSTALLED_APPS if settings.configured else ()
    if isinstance(listed, list) and entry in listed:
        own = listed.index(entry)
        listed[own + 1 :] = [other for other in listed[own + 1 :] if other != entry and not is_entry_of(other, module)]
    for label, config in list(apps.app_configs.items()):
        if config.name == app_name and not isinstance(config, app_config.IsolatedApp) and not apps.apps_ready:
            del apps.app_configs[label]
