"""A plugin's AppConfig that puts the plugin aside when its models or its `ready()` fail, instead of the host."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.apps import AppConfig, apps

from webnet.containment import LoadFailure, attempt
from webnet.plugins.loading.checks import contain_checks, find_refused
from webnet.plugins.loading.imports import hide_template_tags, import_admin_pages, import_template_tags
from webnet.plugins.loading.migration_files import hide_broken_migrations
from webnet.plugins.loading.model_withdrawal import find_dangling, withdraw_models

# Why apps are put aside, by module: of this process, like Django's own registry of apps.
failed_apps: dict[str, LoadFailure] = {}


class IsolatedApp(AppConfig):
    """Goes in front of a plugin's own AppConfig class, and lets the rest of Django see whole plugins only."""

    is_settled = False

    def import_models(self) -> None:
        """Imports the plugin's models, or takes all of them out again."""
        failure = attempt(super().import_models, doing=f"Importing the models of '{self.name}'")
        if isinstance(failure, LoadFailure):
            # Else another plugin that imports them would register some of them once more.
            sys.modules.setdefault(f"{self.name}.models", None)  # type: ignore[arg-type]  # Python's way to forbid it
            self.put_aside(failure)

    def ready(self) -> None:
        """Gets all plugins ready, the first time that one of them is asked."""
        settle()

    def put_aside(self, failure: LoadFailure) -> None:
        """Keeps the reason, and takes the models out of Django's registry."""
        failed_apps[self.name] = failure
        withdraw_models(self)

    def get_ready(self) -> None:
        """Imports what Django would import of it and calls its own `ready()`, once.

        Its models stay when one of these fails, as with any disabled plugin.
        """
        if self.is_settled:
            return
        self.is_settled = True
        if self.name not in failed_apps:
            self._take_steps()
        if self.name in failed_apps:
            hide_template_tags(self)

    def _take_steps(self) -> None:
        steps: dict[str, Callable[[], Any]] = {
            f"Importing the template tags of '{self.name}'": partial(import_template_tags, self),
            f"Importing the admin pages of '{self.name}'": partial(import_admin_pages, self),
            f"ready() of the app '{self.name}'": super().ready,
        }
        for doing, step in steps.items():
            failure = attempt(step, doing=doing)
            if isinstance(failure, LoadFailure):
                failed_apps[self.name] = failure
                return


def settle() -> None:
    """Puts aside the plugins with models or migrations that can't be had; gets the others ready."""
    configs = [config for config in apps.get_app_configs() if isinstance(config, IsolatedApp)]
    waiting = [config for config in configs if not config.is_settled]
    _put_dangling_aside(waiting)
    for label, failure in hide_broken_migrations(waiting).items():
        config = apps.get_app_config(label)
        if isinstance(config, IsolatedApp) and config.name not in failed_apps:
            config.put_aside(failure)
    contain_checks(waiting)
    _put_refused_aside(config for config in waiting if config.name not in failed_apps)
    _put_dangling_aside(config for config in waiting if config.name not in failed_apps)
    for config in waiting:
        config.get_ready()
    contain_checks(waiting)  # once more, for those that a ready() has added


def _put_refused_aside(configs: Iterable[IsolatedApp]) -> None:
    """What two plugins clash in is not there any more once one of them is out, so the checks are asked again."""
    remaining = list(configs)
    while remaining and (refused := find_refused(remaining)):
        config, failure = refused
        remaining.remove(config)
        config.put_aside(failure)


def _put_dangling_aside(configs: Iterable[IsolatedApp]) -> None:
    """One plugin's models may hang on another's, so each one put aside makes it worth to look again."""
    remaining = {config.name: config for config in configs}
    while True:
        found = {name: dangling for name, config in remaining.items() if (dangling := find_dangling(config))}
        if not found:
            return
        for name, (model, target) in found.items():
            words = f"The model '{model}' points at '{target}', which is not there: install or mend what brings it."
            remaining.pop(name).put_aside(LoadFailure(reason=words))
