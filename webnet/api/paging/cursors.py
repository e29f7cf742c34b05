"""Opaque cursors: what a place in a list says is sealed for the customer's view that it was read in."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from webnet.api.errors import BadCursor

# AES-256 in SIV mode (RFC 5297) takes two keys of 256 bits.
KEY_BYTES = 64
PURPOSE = b"webnet: cursors of lists and streams"

# A page has up to a hundred cursors, and `json.dumps` would make an encoder for each.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def seal(values: Sequence[Any], *, view: str, order: str) -> str:
    """The cursor for these values, which are JSON; `view` is the customer's slug, empty in the platform's view.

    The same place always has the same cursor: SIV needs no random number, and reveals equality only.
    """
    sealed = _ciphers()[0].encrypt(_encode(values).encode(), _bound_to(view, order))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(cursor: str, *, view: str, order: str) -> list[Any]:
    """The values. Raises BadCursor unless `seal` made it for this view and order, with one of the current keys."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BadCursor from None
    for cipher in _ciphers():
        try:
            values: list[Any] = json.loads(cipher.decrypt(sealed, _bound_to(view, order)))
        except InvalidTag:
            continue
        return values
    raise BadCursor


def _bound_to(view: str, order: str) -> list[bytes]:
    return [view.encode(), order.encode()]


def _ciphers() -> tuple[AESSIV, ...]:
    # The secret key, since a cursor is like a session: it is handed out, and losing the key costs a new start.
    return _derive((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _derive(keys: tuple[str, ...]) -> tuple[AESSIV, ...]:
    """A cipher for each of the keys; the first one seals."""
    return tuple(
        AESSIV(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE).derive(key.encode())) for key in keys
    )
