"""What is registered with Django, and its settings, as they were before a plugin's code ran.

A plugin may register more, and define settings of its own. What others have registered, and the host's settings, must
stay as they were.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks.registry import registry as checks
from django.db import connections
from django.dispatch import Signal
from django.urls import converters

from webnet.django_internals import (
    is_dead,
    list_receivers,
    list_settings,
    registered_admin_pages,
    restore_admin_pages,
    restore_receivers,
)
from webnet.plugins.loading.process_state import Change, list_names

# Where Django defines its signals; a module counts once it is imported.
SIGNAL_MODULES = (
    *("django.core.signals", "django.db.models.signals", "django.db.backends.signals", "django.contrib.auth.signals"),
    *("django.dispatch.dispatcher", "django.test.signals", "django.utils.autoreload", "corsheaders.signals"),
)
# Where tags and filters of templates are kept that every template has, or may load.
TAG_MODULES = (
    *("django.template.defaultfilters", "django.template.defaulttags", "django.template.loader_tags"),
    *(
        "django.templatetags.cache",
        "django.templatetags.i18n",
        "django.templatetags.l10n",
        "django.templatetags.static",
    ),
    *("django.templatetags.tz", "django.contrib.admin.templatetags.admin_list"),
)
_ABSENT: Any = object()


class DjangoState:
    """The state at one moment, for the plugin of this module; `restore` puts back what has changed since."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._modules = dict(sys.modules)
        self._settings = _read_settings()
        self._receivers = {name: (signal, list_receivers(signal)) for name, signal in _list_signals()}
        self._registries = {name: (registry, dict(registry)) for name, registry in _list_registries()}
        self._converters = _read_converters()
        self._checks = [(found, set(found)) for found in (checks.registered_checks, checks.deployment_checks)]
        self._pages = _read_admin_pages()
        self._fields = {model: list(model._meta.local_fields) for model in _list_host_models()}
        # While the settings are still being read, asking for connections would leave them without any database.
        opened = connections.all(initialized_only=True) if settings.configured else []
        self._wrappers = [(each, list(each.execute_wrappers)) for each in opened]

    def restore(self) -> Iterator[Change]:
        """Put back what has changed, and yield what that was."""
        yield from self._restore_modules()
        yield from self._restore_settings()
        yield from self._restore_receivers()
        yield from self._restore_registries()
        yield from self._restore_converters()
        yield from self._restore_admin_pages()
        for model, fields in self._fields.items():
            if model._meta.local_fields != fields:
                model._meta.local_fields = fields
                model._meta.apps.clear_cache()
                yield Change(what=f"the fields of {model._meta.label}", is_harmful=True)
        for connection, wrappers in self._wrappers:
            if connection.execute_wrappers != wrappers:
                connection.execute_wrappers[:] = wrappers
                yield Change(what="the execute_wrappers of the database connection", is_harmful=True)

    def _restore_receivers(self) -> Iterator[Change]:
        for name, (signal, receivers) in self._receivers.items():
            current = list_receivers(signal)
            if any(each not in current and not is_dead(each) for each in receivers):
                restore_receivers(signal, [*receivers, *(each for each in current if each not in receivers)])
                yield Change(what=f"the receivers of {name}", is_harmful=True)

    def _restore_registries(self) -> Iterator[Change]:
        for name, (registry, entries) in self._registries.items():
            if changed := _find_changed(entries, registry):
                registry.update({key: entries[key] for key in changed})
                yield Change(what=f"{name} ({list_names(map(str, changed))})", is_harmful=True)
        for found, known in self._checks:
            if not known <= found:
                found.update(known)
                yield Change(what="the system checks", is_harmful=True)

    def _restore_converters(self) -> Iterator[Change]:
        if changed := _find_changed(self._converters, _read_converters()):
            # One that is registered takes precedence over Django's own of the same name.
            converters.REGISTERED_CONVERTERS.update({name: self._converters[name] for name in changed})
            converters.get_converters.cache_clear()  # type: ignore[attr-defined]  # The stubs leave its cache out.
            yield Change(what=f"the URL converters ({list_names(changed)})", is_harmful=True)

    def _restore_admin_pages(self) -> Iterator[Change]:
        if changed := _find_changed(self._pages, _read_admin_pages()):
            from django.contrib.admin import site

            restore_admin_pages(site, {**registered_admin_pages(site), **self._pages})
            labels = list_names(model._meta.label for model in changed)
            yield Change(what=f"the admin pages of {labels}", is_harmful=True)

    def _restore_modules(self) -> Iterator[Change]:
        changed = _find_changed(self._modules, sys.modules)
        # A module of the plugin's own that could not be imported may be imported again.
        others = [name for name in changed if not f"{name}.".startswith(f"{self._module}.")]
        sys.modules.update({name: self._modules[name] for name in others})
        if others:
            yield Change(what=f"sys.modules ({list_names(others)})", is_harmful=True)

    def _restore_settings(self) -> Iterator[Change]:
        current = list_settings() if self._settings else {}
        for name, (value, copy) in self._settings.items():
            # Compared as they are: to copy the lists and dictionaries once more takes longer than all else here.
            if current.get(name, _ABSENT) is value and (copy is value or value == copy):
                continue
            _put_back(value, copy)
            setattr(settings, name, value)
            yield Change(what=f"the setting {name}", is_harmful=True)


def _find_changed(known: dict[Any, Any], current: dict[Any, Any]) -> list[Any]:
    # Compared as a whole first, which is much faster: mostly, entries were only added.
    if list(islice(current.values(), len(known))) == list(known.values()):
        return []
    return [key for key, value in known.items() if current.get(key, _ABSENT) is not value]


def _read_settings() -> dict[str, tuple[Any, Any]]:
    """Each setting, with a copy of its lists and dictionaries; nothing while the settings are still being read."""
    current = list_settings() if settings.configured else {}
    return {name: (value, _copy(value)) for name, value in current.items()}


# As a tuple, since `_copy` asks for them 400 times for each plugin, and `dict | list | set` would be made each time.
_CONTAINERS = (dict, list, set)


def _copy(value: Any) -> Any:
    if not isinstance(value, _CONTAINERS):
        return value
    if isinstance(value, dict):
        return {key: _copy(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return set(value)


def _put_back(value: Any, copy: Any) -> None:
    """Make the value equal to its copy again, in place, since others may hold it."""
    if isinstance(value, dict):
        inner = {key: value[key] for key in copy if key in value and type(value[key]) is type(copy[key])}
        value.clear()
        value.update(copy)
        for key, member in inner.items():
            if isinstance(member, dict | list | set):
                _put_back(member, copy[key])
                value[key] = member
    elif isinstance(value, list):
        value[:] = copy
    elif isinstance(value, set):
        value.clear()
        value.update(copy)


def _list_signals() -> Iterator[tuple[str, Signal]]:
    for module in SIGNAL_MODULES:
        for name, value in vars(sys.modules.get(module, sys)).items():
            if issubclass(type(value), Signal):
                yield name, value


def _list_registries() -> Iterator[tuple[str, dict[Any, Any]]]:
    """Dictionaries in which entries may be added, but not replaced."""
    for module in TAG_MODULES:
        if (library := getattr(sys.modules.get(module), "register", None)) is not None:
            yield f"the template tags of {module}", library.tags
            yield f"the template filters of {module}", library.filters
    if (lookups := sys.modules.get("django.db.models.fields")) is not None:
        yield "the lookups of Field", vars(lookups.Field).get("class_lookups", {})
    for label in _list_host_labels():
        yield f"the models of '{label}'", apps.all_models[label]


def _read_converters() -> dict[str, Any]:
    return {**converters.DEFAULT_CONVERTERS, **converters.REGISTERED_CONVERTERS}


def _list_host_labels() -> list[str]:
    plugins = frozenset(getattr(settings, "WEBNET_PLUGINS", ())) if settings.configured else frozenset()
    return [config.label for config in list(apps.app_configs.values()) if config.name not in plugins]


def _list_host_models() -> list[Any]:
    return [model for label in _list_host_labels() for model in apps.all_models[label].values()]


def _read_admin_pages() -> dict[Any, Any]:
    if not apps.models_ready or not apps.is_installed("django.contrib.admin"):
        return {}
    from django.contrib.admin import site

    return registered_admin_pages(site)
