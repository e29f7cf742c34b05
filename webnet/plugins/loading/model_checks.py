"""Finds plugins whose models Django's checks refuse: with such errors in sight, no command of Django's would run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, run_checks

from webnet.containment import LoadFailure, attempt

Config = TypeVar("Config", bound=AppConfig)


def find_refused(configs: Sequence[Config]) -> tuple[Config, LoadFailure] | None:
    """The last of these apps whose models are refused; of two that clash, the later one is at fault.

    What is wrong with the host's own models is left to Django, which says so.
    """
    found = attempt(_find_errors, doing="Checking the models")
    if not found:
        return None
    errors = [] if isinstance(found, LoadFailure) else found
    for config in reversed(configs):
        own = attempt(partial(_find_errors, config), doing=f"Checking the models of '{config.name}'")
        if isinstance(own, LoadFailure):
            return config, own
        for error in _concerning(config, [*own, *errors]):
            return config, LoadFailure(reason=f"Django refuses its models: {_tell(error)}")
    return None


def _find_errors(config: AppConfig | None = None) -> list[CheckMessage]:
    # Asked of no database, as Django 6 would: none is opened before the apps are ready.
    messages = run_checks(app_configs=[config] if config else None, tags=[Tags.models], databases=[])
    return [message for message in messages if message.is_serious() and not message.is_silenced()]


def _concerning(config: AppConfig, errors: Sequence[CheckMessage]) -> Iterator[CheckMessage]:
    """By the object at fault, or by the models that the error names."""
    names = "|".join(re.escape(model._meta.label) for model in config.get_models(include_auto_created=True))
    named = re.compile(rf"(?<![\w.])(?:{names})\b") if names else None
    for error in errors:
        model: Any = getattr(error.obj, "model", error.obj)
        is_of_app = getattr(getattr(model, "_meta", None), "app_label", None) == config.label
        if is_of_app or (named is not None and named.search(error.msg)):
            yield error


def _tell(error: CheckMessage) -> str:
    place = getattr(getattr(error.obj, "_meta", None), "label", None) or str(error.obj or "")
    return f"{place}: {error.msg} ({error.id})" if place else f"{error.msg} ({error.id})"
