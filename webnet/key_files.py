"""Keys that live in the data directory, outside the database: made once, for their owner's eyes only."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

KEY_BYTES = 32


def read_or_make(path: Path) -> str:
    """The key in the file, 32 random bytes as URL-safe base64; of two first readers one makes it, and both get it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
        with os.fdopen(handle, "wb") as stream:
            stream.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
            stream.flush()
            os.fsync(handle)  # What it sealed or signed must not outlive it in a power cut.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # appears whole or not at all
        Path(draft).unlink()
    return path.read_text().strip()
