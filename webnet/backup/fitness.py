"""Whether a backup fits this installation: its kind of database, its version of webnet, its plugins."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from packaging.version import InvalidVersion, Version

import webnet
from webnet.backup.errors import BackupError
from webnet.backup.manifest import BackupManifest
from webnet.plugins.loading.app_config import IsolatedApp
from webnet.plugins.registry import registry

KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def require_fit(manifest: BackupManifest, folder: Path, *, lacks_plugins: bool) -> None:
    """Raise BackupError unless the backup can be restored here; `lacks_plugins` allows plugins to be missing."""
    _require_same_database(manifest, folder)
    _require_no_newer_webnet(manifest, folder)
    if not lacks_plugins:
        _require_plugins(manifest, folder)


def find_pending_migrations(applied: Iterable[str]) -> tuple[str, ...]:
    """The migrations of webnet and of its plugins that a database with the `applied` ones lacks, as `app.name`."""
    return tuple(sorted(_find_migrations() - set(applied)))


def of_host(migrations: Iterable[str]) -> tuple[str, ...]:
    """Those of the migrations that belong to no plugin."""
    labels = {config.label for config in apps.get_app_configs() if not isinstance(config, IsolatedApp)}
    return tuple(migration for migration in migrations if migration.partition(".")[0] in labels)


def _require_same_database(manifest: BackupManifest, folder: Path) -> None:
    theirs, ours = KINDS.get(manifest.database, manifest.database), KINDS[connection.vendor]
    if theirs != ours:
        raise BackupError(
            f"'{folder}' is a backup of a {theirs} database, and DATABASE_URL leads to {ours}: name a {theirs} one."
        )
    if connection.vendor == "postgresql" and manifest.database_version[0] > connection.get_database_version()[0]:
        raise BackupError(
            f"'{folder}' is a backup of PostgreSQL {manifest.database_version[0]}, and this server is older: "
            "restore it on a server of that version or a newer one."
        )


def _require_no_newer_webnet(manifest: BackupManifest, folder: Path) -> None:
    # Those of Django count as well, and those of plugins have versions of their own.
    unknown = of_host(sorted(set(manifest.migrations) - _find_migrations()))
    if unknown or Version(manifest.webnet) > Version(webnet.__version__):
        why = f", whose migration '{unknown[0]}' this one does not know" if unknown else ""
        raise BackupError(
            f"'{folder}' was made by webnet {manifest.webnet}{why}, and this is webnet {webnet.__version__}: install "
            "that version or a newer one first."
        )


def _require_plugins(manifest: BackupManifest, folder: Path) -> None:
    installed = {entry.name: entry.identity.version for entry in registry.entries() if entry.identity is not None}
    for name, version in manifest.plugins.items():
        lack = "which is not installed here" if name not in installed else ""
        if name in installed and _is_older(installed[name], version):
            lack = f"of which {installed[name]} is installed here"
        if lack:
            raise BackupError(
                f"'{folder}' has data of the plugin '{name}' {version}, {lack}: install that version and list its "
                "module in WEBNET_PLUGINS, or add --without-plugins to restore the data and go on without the plugin."
            )


def _is_older(ours: str, theirs: str) -> bool:
    try:
        return Version(ours) < Version(theirs)
    except InvalidVersion:  # Where the plugin had no version, none is too old.
        return False


def _find_migrations() -> set[str]:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return {f"{label}.{name}" for label, name in loader.disk_migrations}
