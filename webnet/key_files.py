"""Keys in the data folder, outside the database: created once, readable by their owner only."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

# 256 bits, as Fernet and Ed25519 need.
KEY_BYTES = 32


def read_or_make(path: Path) -> str:
    """Return the key in the file (32 random bytes, URL-safe base64), and create it if there is none.

    Processes that start at the same time get the same key: linking a finished draft is atomic, and only one succeeds.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # Created with mode 0600.
        with os.fdopen(handle, "wb") as stream:
            stream.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
            stream.flush()
            os.fsync(handle)  # A power failure must not lose a key that was already used.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # Unlike a rename, this never replaces an existing key.
        Path(draft).unlink()
    return path.read_text().strip()
