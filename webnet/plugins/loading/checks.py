"""Django's system checks: models that they refuse are found, and what plugins' own checks find stays a warning.

With an error in sight no command of Django's would run, so no plugin may cause one.
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


def contain_checks(configs: Iterable[AppConfig]) -> None:
    """What these apps' checks find, raise or return in error is no more than a warning from now on."""
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
        found = attempt(partial(_run, check, arguments), doing=f"A check of '{config.name}'")
        return [CheckWarning(found.reason, id="webnet.W003")] if isinstance(found, LoadFailure) else found

    contained = update_wrapper(run, check)
    contained.tags = tuple(getattr(check, "tags", ()))  # type: ignore[attr-defined]  # where Django looks for them
    contained.__module__ = __name__  # so that it is not contained a second time
    return contained


def _run(check: Callable[..., Any], arguments: dict[str, Any]) -> list[CheckMessage]:
    messages = list(check(**arguments))
    for message in messages:
        message.level = WARNING if message.level >= ERROR else message.level
    return messages
