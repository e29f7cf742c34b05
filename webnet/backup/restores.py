"""Restores a backup: the database becomes that of the backup, completely or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connection

from webnet.audit import log as audit_log
from webnet.audit import signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.chain import LogFault
from webnet.audit.models import AuditHead
from webnet.audit.operation import Operation, audited, renew_all
from webnet.audit.verification import verify
from webnet.backup import fitness, keys, manifest
from webnet.backup.backups import DATABASES
from webnet.backup.errors import BackupError
from webnet.backup.manifest import BackupManifest, Progress
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.plugins.loading import migrations
from webnet.program import PROGRAM


@dataclass(frozen=True, kw_only=True)
class Restoration:
    """What restoring a backup would do: which file it loads, and which migrations it runs then."""

    folder: Path
    file: Path
    manifest: BackupManifest
    pending: tuple[str, ...]
    is_replacing: bool


def plan(folder: Path, *, replaces: bool, lacks_plugins: bool, progress: Progress) -> Restoration:
    """Check everything that can be checked without writing. Raises BackupError.

    `replaces` allows a database that has tables, and `lacks_plugins` plugins that are not installed here.
    """
    read = manifest.read(folder)
    fitness.require_fit(read, folder, lacks_plugins=lacks_plugins)
    is_replacing = bool(connection.introspection.table_names())
    if is_replacing and not replaces:
        raise BackupError(
            "The database is not empty: add --replace to replace everything in it, and make a backup of it first."
        )
    file = manifest.require_unchanged(read, folder, progress)
    pending = fitness.find_pending_migrations(read.migrations)
    return Restoration(folder=folder, file=file, manifest=read, pending=pending, is_replacing=is_replacing)


def restore(
    restoration: Restoration, *, actor: Actor, accepts_faults: bool, reason: str, progress: Progress
) -> tuple[str, ...]:
    """Restore the backup; returns what is not as it should be, a sentence each. Raises BackupError.

    The database is migrated and its log verified before anybody sees it. `accepts_faults` restores a log that is not
    valid. All generations are renewed, so that no process goes on with what it has cached.
    """
    access.require_operator(actor)
    operation = Operation(actor=actor, action="restore_backup", reason=reason)
    try:
        with DATABASES[connection.vendor].staged(restoration.file, progress):
            if fitness.of_host(restoration.pending):
                migrations.migrate_host()
            warnings = tuple(_examine(restoration.manifest, accepts_faults=accepts_faults, progress=progress))
            _finish(operation, restoration)
    except (OSError, sqlite3.Error, DatabaseError) as error:
        first_line = next(iter(str(error).splitlines()), type(error).__name__)
        raise BackupError(f"Nothing was restored: {first_line}") from error
    audit_log.publish()
    return warnings


def _examine(expected: BackupManifest, *, accepts_faults: bool, progress: Progress) -> Iterator[str]:
    if not audit_triggers.are_installed(connection):
        audit_triggers.install(connection)
        yield "The triggers that keep the log append-only were missing in the backup, and are installed now."
    for fault in _find_faults(expected, progress):
        if not fault.is_missing_key and not accepts_faults:
            raise BackupError(
                f"Nothing was restored, since the log in the backup is not valid: {fault.message} With "
                f"--accept-faults it is restored all the same, and '{PROGRAM} verify_audit_log' lists all faults."
            )
        yield fault.message
    yield from keys.find_unreadable_secrets()


def _find_faults(expected: BackupManifest, progress: Progress) -> Iterator[LogFault]:
    heads = {head.chain: (head.sequence, head.hash) for head in AuditHead.objects.all()}
    for chain in sorted(heads.keys() | expected.heads.keys()):
        if heads.get(chain) != expected.heads.get(chain):
            yield LogFault(f"Chain {chain} does not end where the manifest says.")
    verified = 0

    def advance() -> None:
        nonlocal verified
        verified += 1
        progress("Verifying", verified, expected.position)

    kept = [expected.checkpoint] if expected.checkpoint else []
    yield from verify(trusted=signing_keys.trusted_keys(), kept=kept, advance=advance)


@audited
def _finish(operation: Operation, restoration: Restoration) -> None:
    renew_all()
    read = restoration.manifest
    operation.record(after={"folder": str(restoration.folder), "madeAt": read.made_at, "position": read.position})
