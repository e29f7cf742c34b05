"""Why a backup is not made or not restored."""

from __future__ import annotations

from webnet.errors import WebnetError


class BackupError(WebnetError):
    """Nothing was written; the message is one sentence about why, and what to do."""
