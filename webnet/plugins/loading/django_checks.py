"""Django's system checks: finds models that they reject, and turns what plugins' own checks find into warnings.

Django runs no command while a check reports an error, so a plugin must not be able to cause one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, update_wrapper
from typing import Any, TypeVar

from django.apps import AppConfig
from django.core.checks import ERROR, WARNING, CheckMessage, Tags, run_checks
from django.core.checks import Warning as CheckWarning
from django.core.checks.registry import registry

from webnet.containment import LoadFailure, attempt
from webnet.sentences import sentence

Config = TypeVar("Config", bound=AppConfig)


def find_rejected(configs: Sequence[Config]) -> tuple[Config, LoadFailure] | None:
    """The last of these apps whose models Django rejects; if two of them clash, the later one is at fault.

    Errors in the host's own models are left to Django.
    """
    found = attempt(_find_errors, doing=sentence("Checking the models"))
    if not found:
        return None
    errors = [] if isinstance(found, LoadFailure) else found
    for config in reversed(configs):
        own = attempt(partial(_find_errors, config), doing=sentence("Checking the models of '{app}'", app=config.name))
        if isinstance(own, LoadFailure):
            return config, own
        for error in _concerning(config, [*own, *errors]):
            return config, LoadFailure(reason=sentence("Django rejects its models: {error}", error=_format(error)))
    return None


def _find_errors(config: AppConfig | None = None) -> list[CheckMessage]:
    # Without databases, as Django 6 does by default: no connection may be opened before the apps are ready.
    messages = run_checks(app_configs=[config] if config else None, tags=[Tags.models], databases=[])
    return [message for message in messages if message.is_serious() and not message.is_silenced()]


def _concerning(config: AppConfig, errors: Sequence[CheckMessage]) -> Iterator[CheckMessage]:
    """The errors whose object belongs to the app, or whose message names one of its models."""
    names = "|".join(re.escape(model._meta.label) for model in config.get_models(include_auto_created=True))
    named = re.compile(rf"(?<![\w.])(?:{names})\b") if names else None
    for error in errors:
        model: Any = getattr(error.obj, "model", error.obj)
        is_of_app = getattr(getattr(model, "_meta", None), "app_label", None) == config.label
        if is_of_app or (named is not None and named.search(error.msg)):
            yield error


def _format(error: CheckMessage) -> str:
    place = getattr(getattr(error.obj, "_meta", None), "label", None) or str(error.obj or "")
    return f"{place}: {error.msg} ({error.id})" if place else f"{error.msg} ({error.id})"


def contain_checks(configs: Iterable[AppConfig]) -> None:
    """From now on, turn whatever these apps' checks report or raise into warnings."""
    kinds: tuple[set[Any], ...] = (registry.registered_checks, registry.deployment_checks)
    for config in configs:
        for checks in kinds:
            for check in [check for check in checks if _belongs(check, config)]:
                checks.discard(check)
                checks.add(_contain(check, config))


def _belongs(check: Any, config: AppConfig) -> bool:
    return f"{getattr(check, '__module__', '')}.".startswith(f"{config.name}.")


def _contain(check: Callable[..., Any], config: AppConfig) -> Callable[..., list[CheckMessage]]:
    def run(**arguments: Any) -> list[CheckMessage]:
        found = attempt(lambda: list(check(**arguments)), doing=sentence("A check of '{app}'", app=config.name))
        if isinstance(found, LoadFailure):
            return [CheckWarning(found.reason, id="webnet.W003")]
        for message in found:
            message.level = WARNING if message.level >= ERROR else message.level
        return found

    contained = update_wrapper(run, check)
    contained.tags = tuple(getattr(check, "tags", ()))  # type: ignore[attr-defined]  # Django reads them from the function.
    contained.__module__ = __name__  # So that `_belongs` no longer finds it.
    return contained
