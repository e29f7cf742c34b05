"""Runs migrations: the host's together, and each plugin's separately, so that a failure affects only that plugin."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import Signal

from webnet.audit.operation import MAXIMUM_ATTEMPTS, is_transient
from webnet.containment import PLUGIN_TRACEBACK, LoadFailure, describe_failure, is_operators
from webnet.plugins.loading.app_config import IsolatedApp
from webnet.plugins.loading.migration_guard import GuardedExecutor
from webnet.plugins.loading.missing_migrations import find_label, tables
from webnet.plugins.registry import Entry
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

Progress = Callable[..., None]


def migrate_host(progress: Progress | None = None) -> None:
    """Apply the migrations of the host's own apps, and raise what goes wrong."""
    labels = {config.label for config in apps.get_app_configs() if not isinstance(config, IsolatedApp)}
    _migrate(labels, progress)
    # Even if there was nothing to migrate: receivers create what every database must have, and may be new.
    emit(post_migrate, plan=[])


def migrate_plugins(entries: Iterable[Entry], progress: Progress | None = None) -> dict[str, LoadFailure]:
    """Apply the migrations of these plugins, in the given order; returns why some could not be, by plugin name."""
    found = {entry.name: failure for entry in entries if (failure := _migrate_plugin(entry, progress))}
    for name, failure in found.items():
        details = {PLUGIN_TRACEBACK: failure.traceback}
        logger.error("Plugin '%s' could not be migrated. %s", name, failure.reason, extra=details)
    return found


def unmigrate(label: str) -> None:
    """Reverse all migrations of one app, the newest first, and raise what goes wrong."""
    tables.are_complete = False
    executor = GuardedExecutor(connection)
    if label in executor.loader.migrated_apps:
        _execute(executor, [(label, None)])


def _migrate_plugin(entry: Entry, progress: Progress | None) -> LoadFailure | None:
    label, doing = find_label(entry), sentence("Migrating '{plugin}'", plugin=entry.name)

    def follow(action: str, migration: Any = None, fake: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's own
        nonlocal doing
        if action == "apply_start":
            doing = sentence("Migration '{migration}'", migration=migration)
        if progress is not None:
            progress(action, migration, fake)

    try:
        if plan := _migrate({label} if label else (), follow, migrated=label):
            emit(post_migrate, plan=plan, migrated=label)
    except BaseException as error:
        if is_operators(error):
            raise
        return describe_failure(error, doing=doing)
    return None


def _migrate(labels: Collection[str], progress: Progress | None, *, migrated: str | None = None) -> list[Any]:
    """Do what Django's `migrate` does, for some apps at once; returns the plan that was executed."""
    executor = GuardedExecutor(connection, progress)
    targets = [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]
    plan = executor.migration_plan(targets)
    if plan:
        emit(pre_migrate, plan=plan, migrated=migrated)
        _execute(executor, targets)
    return plan


def _execute(executor: GuardedExecutor, targets: Sequence[Any]) -> None:
    """Migrate, and again after a deadlock: each migration is one transaction, so one that met it has changed nothing.

    A table can't be created or dropped without a lock on those that it refers to, in which others write.
    """
    for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
        try:
            executor.migrate(targets)
        except OperationalError as error:
            if attempt == MAXIMUM_ATTEMPTS or not is_transient(error):
                raise
            executor = GuardedExecutor(connection, executor.progress_callback)
        else:
            return


def emit(signal: Signal, *, plan: Sequence[Any], migrated: str | None = None) -> None:
    """Send `pre_migrate` or `post_migrate` for every app.

    Exceptions of the host's receivers are raised again, and so are those of the plugin that is being migrated
    (`migrated` is its app's label); those of other plugins are ignored.
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
        logger.exception("A plugin's receiver of a migration signal tried to exit the process.")
        return []


def _find_owner(receiver: Any) -> AppConfig | None:
    """The plugin's app that the receiver belongs to; None for a receiver of the host."""
    module = getattr(receiver, "__module__", None) or type(receiver).__module__
    config = apps.get_containing_app_config(module)
    return config if isinstance(config, IsolatedApp) else None
