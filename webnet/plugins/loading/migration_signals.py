"""Tells every app that migrations are about to run, or were run, as Django does; a plugin that raises then is alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS
from django.dispatch import Signal

from webnet.plugins.loading.app_config import IsolatedApp

logger = logging.getLogger(__name__)


def emit(signal: Signal, *, plan: Sequence[Any], migrated: str | None = None) -> None:
    """Send `pre_migrate` or `post_migrate` for every app.

    What a receiver of the host raises, or one of the plugin that is migrated (by its app's label), is raised.
    """
    for config in apps.get_app_configs():
        if config.models_module is None:
            continue
        for receiver, answer in _send(signal, config, plan):
            owner = _find_owner(receiver)
            if isinstance(answer, Exception) and (owner is None or owner.label == migrated):
                raise answer


def _send(signal: Signal, config: AppConfig, plan: Sequence[Any]) -> list[tuple[Callable[..., Any], Any]]:
    arguments = {"app_config": config, "using": DEFAULT_DB_ALIAS, "apps": apps, "plan": plan}
    try:
        return signal.send_robust(sender=config, verbosity=0, interactive=False, **arguments)
    except SystemExit:
        logger.exception("A plugin that listens to migrations would have ended the process.")
        return []


def _find_owner(receiver: Any) -> AppConfig | None:
    """The plugin's app that the receiver is of; None for one of the host's."""
    module = getattr(receiver, "__module__", None) or type(receiver).__module__
    config = apps.get_containing_app_config(module)
    return config if isinstance(config, IsolatedApp) else None
