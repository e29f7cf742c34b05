"""Seals secret settings at rest, bound to their customer, plugin and path."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from webnet import key_files
from webnet.errors import SecretUnreadable, WebnetError
from webnet.sentences import sentence

KEY_FILE = "settings.key"
# Every secret that is opened needs the key, and reading a file each time would cost more than opening it.
_embedded_key = lru_cache(maxsize=4)(key_files.read_or_make)


def seal(value: Any, *, customer_id: int | None, plugin: str, path: str) -> str:
    """The sealed text of any JSON value; it can be decrypted only for the same customer, plugin and JSON Pointer."""
    return MultiFernet(_keys()).encrypt(orjson.dumps([customer_id, plugin, path, value])).decode()


def unseal(sealed: str, *, customer_id: int | None, plugin: str, path: str) -> Any:
    """The value of a sealed text. Raises SecretUnreadable, which never contains the value."""
    try:
        # The place is part of the sealed text, so a row copied to another customer or path can't be decrypted there.
        *place, value = orjson.loads(MultiFernet(_keys()).decrypt(sealed.encode()))
    except InvalidToken:
        message = sentence(
            "The secret '{path}' of '{plugin}' can't be decrypted: put its key back into WEBNET_SETTINGS_KEYS.",
            path=path,
            plugin=plugin,
        )
        raise SecretUnreadable(message, path=path) from None
    if place != [customer_id, plugin, path]:
        message = sentence(
            "The secret '{path}' of '{plugin}' was encrypted for another customer, plugin or path: set it again.",
            path=path,
            plugin=plugin,
        )
        raise SecretUnreadable(message, path=path)
    return value


def is_sealed_with_first_key(sealed: str) -> bool:
    """Whether this was sealed with the current key, so that no other key is needed for it."""
    return _opens(_keys()[0], sealed)


def require_keys() -> None:
    """Raise WebnetError unless WEBNET_SETTINGS_KEYS contains nothing but keys."""
    _read_keys(tuple(settings.WEBNET_SETTINGS_KEYS))


def key_fingerprint() -> str:
    """A fingerprint of the current keys: it changes with them, and reveals nothing about them."""
    hashes = sorted(hashlib.sha256(key.encode()).hexdigest() for key in key_texts())
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def key_texts() -> tuple[str, ...]:
    """The keys themselves, for a copy of them: the first seals, all of them open."""
    return tuple(settings.WEBNET_SETTINGS_KEYS) or (_embedded_key(Path(settings.WEBNET_DATA_DIR) / KEY_FILE),)


def find_key_texts() -> tuple[str, ...]:
    """The same, but no key is made: empty if there never was one."""
    file = Path(settings.WEBNET_DATA_DIR) / KEY_FILE
    return key_texts() if settings.WEBNET_SETTINGS_KEYS or file.exists() else ()


def find_sealing_key(sealed: str) -> int | None:
    """The place, among the keys, of the one that this was sealed with; None if none of them opens it."""
    keys = _read_keys(find_key_texts())
    return next((place for place, key in enumerate(keys) if _opens(key, sealed)), None)


def _opens(key: Fernet, sealed: str) -> bool:
    try:
        key.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> tuple[Fernet, ...]:
    return _read_keys(key_texts())


@lru_cache(maxsize=4)
def _read_keys(texts: tuple[str, ...]) -> tuple[Fernet, ...]:
    try:
        return tuple(Fernet(text) for text in texts)
    except ValueError:
        raise WebnetError(
            "WEBNET_SETTINGS_KEYS contains something that is not a Fernet key; make one with "
            "'python -c \"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())\"'.",
            code="SETTINGS_KEYS_MALFORMED",
        ) from None
