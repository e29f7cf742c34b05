"""Folders and files that are there as a whole or not at all, also if the process is killed or the power fails."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from webnet.backup.errors import BackupError


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A draft beside the target, which becomes the target at the end of the block; nothing remains if that raises.

    Only its owner can read it. Raises BackupError where something is there already.
    """
    require_free(target)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.part-", dir=target.parent))  # created with mode 0700
    try:
        yield draft
        for file in draft.iterdir():
            file.chmod(0o600)  # also where it is copied to another folder
            _sync(file)
        _sync(draft)
        require_free(target)
        draft.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def write_new_file(target: Path, text: str) -> None:
    """Write a file that only its owner can read; never over another one."""
    require_free(target)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.part-", dir=target.parent)  # created with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(draft, target)  # Unlike a rename, this never replaces a file.
            _sync(target.parent)
            return
        require_free(target)
    finally:
        draft.unlink(missing_ok=True)


def require_free(target: Path) -> None:
    """Raise BackupError if something is there already, or if there is no folder to put it in."""
    if os.path.lexists(target):
        raise BackupError(f"'{target}' exists already: name another place, since nothing is ever overwritten.")
    if not target.parent.is_dir():
        raise BackupError(f"The folder '{target.parent}' does not exist: create it first.")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
