"""The Ed25519 keys that sign the audit log's checkpoints; never stored in the database that they vouch for."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from webnet import key_files

KEY_FILE = "audit.key"


def signing_key() -> Ed25519PrivateKey:
    """The first of WEBNET_AUDIT_KEYS; without any, the one in the data directory, which is created if necessary."""
    return _private_key(next(iter(settings.WEBNET_AUDIT_KEYS), None) or key_files.read_or_make(_key_file()))


def trusted_keys() -> frozenset[str]:
    """The public keys, in hexadecimal, whose signatures are accepted; empty if no key was ever created."""
    return frozenset(public_keys())


def public_keys() -> tuple[str, ...]:
    """The same in the order in which they are set, the one that signs first."""
    return tuple(public_text(_private_key(key)) for key in key_texts())


def key_texts() -> tuple[str, ...]:
    """The private keys themselves, for a copy of them; empty if no key was ever created."""
    file = _key_file()
    return tuple(settings.WEBNET_AUDIT_KEYS) or ((file.read_text().strip(),) if file.exists() else ())


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half, in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def sign(key: Ed25519PrivateKey, text: str) -> str:
    """The signature of the text, in hexadecimal."""
    return key.sign(text.encode()).hex()


def is_signed(text: str, *, signature: str, key: str) -> bool:
    """Whether the owner of this public key signed this text."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _key_file() -> Path:
    return Path(settings.WEBNET_DATA_DIR) / KEY_FILE


def _private_key(text: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(text))
    except ValueError:
        raise ImproperlyConfigured(
            f"WEBNET_AUDIT_KEYS, or '{_key_file()}' if that is not set, contains something that is not a key: use 32 "
            "random bytes as URL-safe base64, such as 'openssl rand 32 | basenc --base64url' prints."
        ) from None
