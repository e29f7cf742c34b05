"""Sets a plugin aside if its models, migrations, system checks or `ready()` fail; start-up continues."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule

from webnet.containment import PLUGIN_LISTS, LoadFailure, attempt
from webnet.plugins.loading.django_checks import contain_checks, find_rejected
from webnet.plugins.loading.host_code import host_code
from webnet.plugins.loading.imports import hide_template_tags, import_admin_pages, import_template_tags
from webnet.plugins.loading.migration_files import hide_broken_migrations
from webnet.plugins.loading.model_withdrawal import find_dangling, withdraw_models
from webnet.plugins.loading.snapshots import watching
from webnet.sentences import sentence

# Why apps are set aside, by module. One per process, like Django's own registry of apps.
failed_apps: dict[str, LoadFailure] = {}


class IsolatedApp(AppConfig):
    """Mixed into a plugin's own AppConfig class, so that Django never sees a plugin that was loaded only in part."""

    is_settled = False

    def import_models(self) -> None:
        """Import the plugin's models, or remove all of them again."""
        failure = attempt(self._import_own_models, doing=sentence("Importing the models of '{app}'", app=self.name))
        if isinstance(failure, LoadFailure):
            # Otherwise another plugin that imports them would register some of them again.
            sys.modules.setdefault(f"{self.name}.models", None)  # type: ignore[arg-type]  # An import of it raises ImportError from now on.
            self.set_aside(failure)

    def _import_own_models(self) -> None:
        has_models = module_has_submodule(self.module, "models")
        with watching(self.name) if has_models else nullcontext():
            super().import_models()

    def ready(self) -> None:
        """Prepare all plugins together, the first time that Django calls this for one of them."""
        settle()

    def set_aside(self, failure: LoadFailure) -> None:
        """Record the reason, and remove the models from Django's registry."""
        failed_apps[self.name] = failure
        withdraw_models(self)
        host_code.expect_changes()  # Accessors of the models were in the host's classes.

    def get_ready(self) -> None:
        """Import what Django would import later, and call the plugin's own `ready()`; once.

        If one of these fails, the models stay, as they do for any disabled plugin.
        """
        if self.is_settled:
            return
        self.is_settled = True
        failure = attempt(self._run_steps, doing=sentence("Preparing '{app}'", app=self.name))
        if isinstance(failure, LoadFailure):
            failed_apps.setdefault(self.name, failure)
        if self.name in failed_apps:
            hide_template_tags(self)

    def _run_steps(self) -> None:
        steps: dict[str, Callable[[], Any]] = {
            sentence("Importing the template tags of '{app}'", app=self.name): partial(import_template_tags, self),
            sentence("Importing the admin pages of '{app}'", app=self.name): partial(import_admin_pages, self),
            sentence("ready() of the app '{app}'", app=self.name): super().ready,
        }
        with watching(self.name) if self._has_steps() else nullcontext():
            for doing, step in steps.items():
                failure = attempt(step, doing=doing) if self.name not in failed_apps else None
                if isinstance(failure, LoadFailure):
                    failed_apps[self.name] = failure

    def _has_steps(self) -> bool:
        has_ready = getattr(super().ready, "__func__", None) is not AppConfig.ready
        return has_ready or any(module_has_submodule(self.module, name) for name in ("templatetags", "admin"))


def settle() -> None:
    """Set aside the plugins whose models or migrations can't be loaded, and prepare the others."""
    configs = [config for config in apps.get_app_configs() if isinstance(config, IsolatedApp)]
    waiting = [config for config in configs if not config.is_settled]
    host_code.expect_changes()
    _set_aside_dangling(waiting)
    for label, failure in hide_broken_migrations(waiting).items():
        config = apps.get_app_config(label)
        if isinstance(config, IsolatedApp) and config.name not in failed_apps:
            config.set_aside(failure)
    contain_checks(waiting)
    _set_aside_rejected(config for config in waiting if config.name not in failed_apps)
    _set_aside_dangling(config for config in waiting if config.name not in failed_apps)
    for config in waiting:
        config.get_ready()
    contain_checks(waiting)  # Again, for the checks that a ready() has registered.


def _set_aside_rejected(configs: Iterable[IsolatedApp]) -> None:
    """Run the checks again after each plugin: a clash between two is gone once one of them is set aside."""
    remaining = list(configs)
    while remaining and (rejected := find_rejected(remaining)):
        config, failure = rejected
        remaining.remove(config)
        config.set_aside(failure)


def _set_aside_dangling(configs: Iterable[IsolatedApp]) -> None:
    """Look again after each round: models of one plugin may refer to those of another that was just set aside."""
    remaining = {config.name: config for config in configs}
    while True:
        found = {name: dangling for name, config in remaining.items() if (dangling := find_dangling(config))}
        if not found:
            return
        for name, (model, target) in found.items():
            reason = sentence(
                "The model '{model}' refers to '{target}', which is not loaded: add its app to {lists}, or fix it if "
                "it is there.",
                model=model,
                target=target,
                lists=PLUGIN_LISTS,
            )
            remaining.pop(name).set_aside(LoadFailure(reason=reason))
