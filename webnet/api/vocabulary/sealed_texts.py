"""Texts that clients get and send back unchanged, and that tell them nothing: ids and cursors."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# AES-256 in SIV mode (RFC 5297) takes two keys of 256 bits.
KEY_BYTES = 64


def seal(plain: bytes, *, purpose: bytes, bound_to: list[bytes]) -> str:
    """The text for these bytes: always the same one, since SIV needs no random number, and reveals equality only.

    It is as long as they are, so pad what must not be seen in its length.
    """
    return _encode(_ciphers(purpose)[0].encrypt(plain, bound_to))


def unseal(text: str, *, purpose: bytes, bound_to: list[bytes]) -> bytes | None:
    """The bytes; None unless `seal` made exactly this text for this purpose and these, with one of the current keys."""
    try:
        sealed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    # Base64 has several texts for the same bytes, of which one was made here.
    if not sealed or _encode(sealed) != text:
        return None
    for cipher in _ciphers(purpose):
        try:
            return cipher.decrypt(sealed, bound_to)
        except InvalidTag:
            continue
    return None


def _encode(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _ciphers(purpose: bytes) -> tuple[AESSIV, ...]:
    # The secret key, since these texts are like sessions: they are handed out, and losing the key costs a new start.
    return _derive((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), purpose)


@lru_cache(maxsize=8)
def _derive(keys: tuple[str, ...], purpose: bytes) -> tuple[AESSIV, ...]:
    """A cipher for each of the keys; the first one seals."""
    return tuple(
        AESSIV(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key.encode())) for key in keys
    )
