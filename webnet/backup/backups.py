"""Makes a backup: a folder with the database and its manifest, complete or not there at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connection

from webnet.audit import retention
from webnet.audit.operation import Operation, audited
from webnet.audit.retention import LogDisagrees
from webnet.audit.verification import snapshot
from webnet.backup import fitness, keys, manifest, postgresql, sqlite
from webnet.backup.errors import BackupError
from webnet.backup.folders import new_folder, require_free
from webnet.backup.manifest import BackupManifest, Progress
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.database.table_changes import changing_tables
from webnet.errors import TablesBusy

NOT_MIGRATED = (
    "The database is that of an older webnet: the backup is complete, but the end of the log was not signed, and the "
    "log has no row of the backup."
)
DATABASES = {"sqlite": sqlite, "postgresql": postgresql}


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What was made; `warnings` are sentences about what is not as it should be."""

    folder: Path
    manifest: BackupManifest
    warnings: tuple[str, ...]


def make(folder: Path, *, actor: Actor, keys_file: Path | None, reason: str, progress: Progress) -> Backup:
    """Write a backup into a new folder; with a `keys_file`, all keys into that new file. Raises BackupError.

    Others can go on writing: the backup has the state of one moment. Its audit row is written once it is complete.
    """
    access.require_operator(actor)
    require_free(folder)
    is_inside = keys_file is not None and keys_file.parent == folder
    if keys_file is not None and not is_inside:
        require_free(keys_file)
    # Rows that this version writes need not be right in the tables of another one.
    is_migrated = not fitness.of_host(fitness.find_pending_migrations(manifest.find_applied_migrations()))
    warnings: tuple[str, ...] = () if is_migrated else (NOT_MIGRATED,)
    try:
        with new_folder(folder) as draft:
            if is_migrated:
                warnings = _sign_log()
            made = _write(draft, progress)
            if keys_file is not None:
                keys.write_keys(draft / keys_file.name if is_inside else keys_file)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup was not made: {getattr(error, 'strerror', None) or error}.") from error
    except TablesBusy as error:
        raise BackupError(f"The backup was not made. {error.message}") from None
    if is_migrated:
        operation = Operation(actor=actor, action="make_backup", reason=reason)
        try:
            _record(operation, folder, made, has_keys=keys_file is not None)
        except DatabaseError as error:  # such as one that can only be read, of which a backup is wanted all the more
            warnings = (*warnings, f"The backup is complete, but the audit log has no row of it: {error}")
    return Backup(folder=folder, manifest=made, warnings=warnings)


def _sign_log() -> tuple[str, ...]:
    """Sign the end of the log; a log that can't be signed is backed up all the same, and it is said why."""
    try:
        retention.make_checkpoint()
    except (LogDisagrees, DatabaseError) as error:
        return (f"The end of the log was not signed: {error}",)
    return ()


def _write(draft: Path, progress: Progress) -> BackupManifest:
    with _same_tables(), snapshot():
        described = manifest.describe_database()
        path = DATABASES[connection.vendor].dump(draft, progress)
    size, digest = path.stat().st_size, manifest.hash_file(path, progress)
    made = BackupManifest(**described, file=path.name, size=size, sha256=digest)
    manifest.write(made, draft)
    return made


@contextmanager
def _same_tables() -> Iterator[None]:
    """Keep others from migrating and uninstalling plugins where the snapshot does not have the tables, too.

    On PostgreSQL, a table that is dropped or written anew after the snapshot is missing, or empty, for whoever reads it
    by that snapshot; on SQLite a snapshot has everything.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with changing_tables():
        yield


@audited
def _record(operation: Operation, folder: Path, made: BackupManifest, *, has_keys: bool) -> None:
    after = {"folder": str(folder), "position": made.position, "sha256": made.sha256, "withKeys": has_keys}
    operation.record(after=after)
