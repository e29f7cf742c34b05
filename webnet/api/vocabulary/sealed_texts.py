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
URL_SAFE = bytes.maketrans(b"+/", b"-_")


def seal(plain: bytes, *, purpose: bytes, bound_to: list[bytes]) -> str:
    """The text for these bytes: always the same one, since SIV needs no random number, and reveals equality only.

    It is as long as they are, so pad what must not be seen in its length.
    """
    # The secret key, since these texts are like sessions: they are handed out, and losing the key costs a new start.
    return _encode(_derive(settings.SECRET_KEY, purpose).encrypt(plain, bound_to))


def unseal(text: str, *, purpose: bytes, bound_to: list[bytes]) -> bytes | None:
    """The bytes; None unless `seal` made exactly this text for this purpose and these, with one of the current keys."""
    try:
        sealed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    # Base64 has several texts for the same bytes, of which one was made here.
    if not sealed or _encode(sealed) != text:
        return None
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _derive(key, purpose).decrypt(sealed, bound_to)
        except InvalidTag:
            continue
    return None


def _encode(sealed: bytes) -> str:
    # As `base64.urlsafe_b64encode` does, which takes twice as long: a page has a hundred of them.
    return binascii.b2a_base64(sealed, newline=False).translate(URL_SAFE).decode("ascii").rstrip("=")


@lru_cache(maxsize=32)
def _derive(key: str, purpose: bytes) -> AESSIV:
    return AESSIV(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key.encode()))
