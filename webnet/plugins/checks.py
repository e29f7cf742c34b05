"""Says at the start what is wrong: plugins that are put aside, models without tenancy, and keys that are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - the name of the class

from webnet.containment import LoadFailure
from webnet.errors import WebnetError
from webnet.plugins.loading.app_config import IsolatedApp
from webnet.plugins.registry import registry
from webnet.plugins.settings import secrets
from webnet.plugins.tenancy import has_tenancy

WAY_OUT = "extend CustomerOwnedModel of webnet.sdk.models, or GlobalModel where its rows are everybody's"


def check_tenancy(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """An error for each model of a plugin without tenancy: for `manage.py check`, and no other command stops for it."""
    looked_at = list(app_configs) if app_configs is not None else list(apps.get_app_configs())
    return [
        Error(_tell(config, label), hint=f"{WAY_OUT[0].upper()}{WAY_OUT[1:]}.", id="webnet.E001", obj=label)
        for config in looked_at
        for label in _find_untenanted(config)
    ]


def check_plugins(**_: Any) -> list[CheckMessage]:
    """Django's system check: a warning for each plugin that is put aside, since the host and the others go on."""
    return [
        Warning(f"Plugin '{entry.name}' is put aside. {entry.reason}", id="webnet.W002", obj=entry.module)
        for entry in registry.entries()
        if entry.status in ("failed", "incompatible")
    ]


def check_settings_keys(**_: Any) -> list[CheckMessage]:
    """A warning for keys that are none: the host goes on, and the plugins whose secrets they hide can't be read."""
    try:
        secrets.require_keys()
    except WebnetError as error:
        return [Warning(error.message, id="webnet.W001")]
    return []


def find_untenanted_plugins() -> dict[str, LoadFailure]:
    """The plugins that are put aside for such a model, by module: a row that is nobody's could be shown to anybody."""
    return {
        config.name: LoadFailure(reason=f"{_tell(config, label)[:-1]}: {WAY_OUT}.")
        for config in apps.get_app_configs()
        for label in _find_untenanted(config)
    }


def _find_untenanted(config: AppConfig) -> Iterator[str]:
    models = config.get_models() if isinstance(config, IsolatedApp) else ()
    return (model._meta.label for model in models if not has_tenancy(model))


def _tell(config: AppConfig, label: str) -> str:
    return f"Plugin '{config.name}': the model '{label}' does not say whose its rows are."
