"""Django system checks: plugins that could not be loaded, models without tenancy, invalid keys, and the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - the name of the class
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from webnet.containment import LoadFailure
from webnet.errors import WebnetError
from webnet.plugins.loading.app_config import IsolatedApp
from webnet.plugins.registry import registry
from webnet.plugins.settings import secrets
from webnet.plugins.tenancy import has_tenancy
from webnet.sentences import Sentence, sentence

FIX = sentence("extend CustomerOwnedModel of webnet.sdk.models, or GlobalModel if its rows are shared by all customers")


def check_tenancy(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """An error for each model of a plugin without tenancy; only `manage.py check` runs this, so nothing else stops."""
    configs = list(app_configs) if app_configs is not None else list(apps.get_app_configs())
    return [
        Error(f"{_describe(config, label)}.", hint=f"{FIX[0].upper()}{FIX[1:]}.", id="webnet.E001", obj=label)
        for config in configs
        for label in _find_untenanted(config)
    ]


def check_plugins(**_: Any) -> list[CheckMessage]:
    """A warning for each plugin that could not be loaded; not an error, since the host and the others work.

    Only `manage.py check` runs this: other commands log the same when they load the plugins.
    """
    return [
        Warning(f"Plugin '{entry.name}' could not be loaded. {entry.reason}", id="webnet.W002", obj=entry.module)
        for entry in registry.entries()
        if entry.status in ("failed", "incompatible")
    ]


def check_settings_keys(**_: Any) -> list[CheckMessage]:
    """A warning for invalid keys; not an error, since only the plugins whose secrets need them are affected."""
    try:
        secrets.require_keys()
    except WebnetError as error:
        return [Warning(error.message, id="webnet.W001")]
    return []


def check_letter_case(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A warning for a database of PostgreSQL that knows the case of A to Z only, as it does with the locale "C"."""
    return [
        Warning(
            "Searches take other letters than A to Z in the given case only, because of this database's locale.",
            hint="Create the database with another one: CREATE DATABASE … TEMPLATE template0 LOCALE 'C.UTF-8'.",
            id="webnet.W003",
            obj=alias,
        )
        for alias in databases or ()
        if not _knows_letter_case(connections[alias])
    ]


def _knows_letter_case(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT UPPER('é')")
        return bool(cursor.fetchone() == ("É",))


def find_untenanted_plugins() -> dict[str, LoadFailure]:
    """Why plugins with such a model must not be loaded, by module: rows without an owner could be shown to anybody."""
    return {
        config.name: LoadFailure(reason=sentence("{fault}: {remedy}.", fault=_describe(config, label), remedy=FIX))
        for config in apps.get_app_configs()
        for label in _find_untenanted(config)
    }


def _find_untenanted(config: AppConfig) -> Iterator[str]:
    models = config.get_models() if isinstance(config, IsolatedApp) else ()
    return (model._meta.label for model in models if not has_tenancy(model))


def _describe(config: AppConfig, label: str) -> Sentence:
    return sentence(
        "Plugin '{plugin}': the model '{model}' does not declare who owns its rows", plugin=config.name, model=label
    )
