"""Seals secret settings at rest, bound to their customer, plugin and path."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from webnet.errors import WebnetError

KEY_FILE = "settings.key"


class SecretUnreadable(WebnetError):
    """A sealed secret does not open: its key is gone, or it was sealed for another place."""

    code = "SECRET_UNREADABLE"


def seal(value: Any, *, customer_id: int | None, plugin: str, path: str) -> str:
    """The sealed text of any JSON value; it opens only for the same customer, plugin and JSON Pointer."""
    return _box().encrypt(orjson.dumps([customer_id, plugin, path, value])).decode()


def unseal(sealed: str, *, customer_id: int | None, plugin: str, path: str) -> Any:
    """The value again. Raises SecretUnreadable, which never repeats what was sealed."""
    try:
        *place, value = orjson.loads(_box().decrypt(sealed.encode()))
    except InvalidToken:
        raise SecretUnreadable(
            f"The secret '{path}' of '{plugin}' does not open: put its key back into WEBNET_SETTINGS_KEYS."
        ) from None
    if place != [customer_id, plugin, path]:
        raise SecretUnreadable(f"The secret '{path}' of '{plugin}' was sealed for another place; set it anew.")
    return value


def _box() -> MultiFernet:
    return _box_of(tuple(settings.WEBNET_SETTINGS_KEYS), Path(settings.WEBNET_DATA_DIR))


@lru_cache(maxsize=4)
def _box_of(keys: tuple[str, ...], data_dir: Path) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys or (_embedded_key(data_dir / KEY_FILE),)])
    except ValueError:
        raise ImproperlyConfigured(
            "WEBNET_SETTINGS_KEYS holds something that is no Fernet key; make one with "
            "'python -c \"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())\"'."
        ) from None


def _embedded_key(file: Path) -> str:
    """The key beside the embedded database, made once, readable by its owner only."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(Fernet.generate_key())
        try:
            os.link(draft, file)  # atomic, and the first of two processes wins
        except FileExistsError:
            pass
        draft.unlink()
    return file.read_text().strip()
