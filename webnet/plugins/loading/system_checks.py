"""Keeps the system checks that plugins add from stopping commands: Django runs all of them before most commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial, update_wrapper
from typing import Any

from django.apps import AppConfig
from django.core.checks import ERROR, WARNING, CheckMessage, Warning  # noqa: A004 - the name of the class
from django.core.checks.registry import registry

from webnet.containment import LoadFailure, attempt


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
        return [Warning(found.reason, id="webnet.W003")] if isinstance(found, LoadFailure) else found

    contained = update_wrapper(run, check)
    contained.tags = tuple(getattr(check, "tags", ()))  # type: ignore[attr-defined]  # where Django looks for them
    contained.__module__ = __name__  # so that it is not contained a second time
    return contained


def _run(check: Callable[..., Any], arguments: dict[str, Any]) -> list[CheckMessage]:
    messages = list(check(**arguments))
    for message in messages:
        message.level = WARNING if message.level >= ERROR else message.level
    return messages
