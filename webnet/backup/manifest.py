"""The manifest of a backup: what is in it, where its log ends, and what it needs to be restored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

import webnet
from webnet.audit import checkpoints
from webnet.audit.chain import End
from webnet.audit.models import AuditCheckpoint, AuditHead, Generation
from webnet.audit.verification import last_position
from webnet.backup.errors import BackupError
from webnet.plugins.models import PluginConfig, PluginStatus

FILE_NAME = "manifest.json"
# Of the manifest and of what lies beside it; a webnet that knows a lower one refuses the backup.
FORMAT = 1
CHUNK_BYTES = 1 << 20

# (what is being done, how much of it is done, how much it is altogether or None), called again and again.
Progress: TypeAlias = Callable[[str, int, int | None], object]


@dataclass(frozen=True, kw_only=True)
class BackupManifest:
    """What a backup says of itself; `migrations` are those applied to the database, as `app.name`.

    `heads` are the ends of the log's chains and `checkpoint` is the last signed one, as a line of JSON. `generations`
    have the counter and token by customer's id, or "platform". `plugins` have their versions.
    """

    format: int
    webnet: str
    made_at: str
    database: str
    database_version: tuple[int, ...]
    migrations: tuple[str, ...]
    plugins: Mapping[str, str]
    position: int
    heads: Mapping[str, End]
    checkpoint: str | None
    generations: Mapping[str, tuple[int, str]]
    file: str
    size: int
    sha256: str


def find_applied_migrations() -> tuple[str, ...]:
    """The migrations that were applied to the database, as `app.name`. Raises BackupError if there is none."""
    applied = MigrationRecorder(connection).applied_migrations()
    if not applied:
        raise BackupError("The database has no tables yet, so there is nothing to back up.")
    return tuple(sorted(f"{app}.{name}" for app, name in applied))


def describe_database() -> dict[str, Any]:
    """All of a manifest but its file, of the state that the current transaction sees."""
    plugins = PluginConfig.objects.exclude(status=PluginStatus.MISSING).values_list("name", "version")
    heads = AuditHead.objects.values_list("chain", "sequence", "hash")
    generations = Generation.objects.values_list("customer_id", "counter", "token")
    checkpoint = AuditCheckpoint.objects.last()
    return {
        "format": FORMAT,
        "webnet": webnet.__version__,
        "made_at": timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "database": connection.vendor,
        "database_version": tuple(connection.get_database_version()),
        "migrations": find_applied_migrations(),
        "plugins": {name: version or "" for name, version in plugins},
        "position": last_position(),
        "heads": {chain: (sequence, hash_) for chain, sequence, hash_ in heads},
        "checkpoint": checkpoints.to_line(checkpoint) if checkpoint else None,
        "generations": {str(customer or "platform"): (counter, token) for customer, counter, token in generations},
    }


def write(manifest: BackupManifest, folder: Path) -> None:
    """Write it as the last file of a backup."""
    (folder / FILE_NAME).write_text(json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path) -> BackupManifest:
    """Read the manifest of a backup. Raises BackupError."""
    path = folder / FILE_NAME
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] > FORMAT:
            raise BackupError(
                f"'{folder}' was made by webnet {values['webnet']}, which writes another format: install that version."
            )
        values |= {name: tuple(values[name]) for name in ("database_version", "migrations")}
        for name in ("heads", "generations"):
            values[name] = {key: (number, text) for key, (number, text) in values[name].items()}
        return BackupManifest(**values)
    except FileNotFoundError:
        raise BackupError(f"'{folder}' is not a backup: there is no '{FILE_NAME}' in it.") from None
    except OSError as error:
        raise BackupError(f"'{path}' can't be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BackupError(f"'{path}' is not the manifest of a backup: it is damaged.") from None


def require_unchanged(manifest: BackupManifest, folder: Path, progress: Progress) -> Path:
    """The backup's file with the database, if it is as it was written. Raises BackupError."""
    path = folder / manifest.file
    if path.parent != folder or not path.is_file():
        raise BackupError(f"'{folder}' is not whole: '{manifest.file}' is missing.")
    if path.stat().st_size != manifest.size or hash_file(path, progress) != manifest.sha256:
        raise BackupError(f"'{path}' is damaged: its size or checksum is not that of the manifest.")
    return path


def hash_file(path: Path, progress: Progress) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest, size = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            progress("Checking", file.tell(), size)
    return digest.hexdigest()
