"""Keys in the data folder, outside the database: created once, readable by their owner only."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

KEY_BYTES = 32


def read_or_make(path: Path) -> str:
    """The key in the file, 32 random bytes as URL-safe base64. Created atomically: parallel callers get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
        with os.fdopen(handle, "wb") as stream:
            stream.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
            stream.flush()
            os.fsync(handle)  # A power cut must not lose the key of data that it has already encrypted or signed.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # atomic, and fails if another process was first
        Path(draft).unlink()
    return path.read_text().strip()
