"""The keys of this installation, and what still needs each of them; never a key itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from webnet.audit import signing_keys
from webnet.audit.checkpoints import read_statements
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import secrets

# Trying the keys on one secret takes some hundredths of a millisecond: a second for so many and a few keys.
MOST_COUNTED_SECRETS = 10_000
# Checkpoints could name any number of keys that are not here, if somebody forged them.
MOST_KEYS = 100
FINGERPRINT_DIGITS = 16


class KeyPurpose(Enum):
    """What a key is for.

    Attributes:
        SETTINGS: Encrypts the secrets in settings: WEBNET_SETTINGS_KEYS.
        CHECKPOINTS: Signs the audit log's checkpoints: WEBNET_AUDIT_KEYS.
        SESSIONS: Signs sessions, cursors and ids: WEBNET_SECRET_KEY.
    """

    SETTINGS = "settings"
    CHECKPOINTS = "checkpoints"
    SESSIONS = "sessions"


class KeyState(Enum):
    """Whether a key is in use.

    Attributes:
        CURRENT: It is used for whatever is new.
        FORMER: It is only used for what is old.
        MISSING: Something needs it, and this server does not have it.
    """

    CURRENT = "current"
    FORMER = "former"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of this server, or one that is missing; `fingerprint` is None where nothing says which one it was.

    `use_count` is how many secrets it encrypts, or how many checkpoints it has signed; None where that can't be told.
    `source` is the environment variable or the file in the data folder that has it, None for a missing one; with
    WEBNET_DEBUG, that of sessions may be in a file all the same.
    """

    purpose: KeyPurpose
    state: KeyState
    fingerprint: str | None
    public_key: str | None = None
    source: str | None = None
    use_count: int | None = None

    @property
    def is_removable(self) -> bool:
        """Whether nothing needs it any more, as far as webnet can tell."""
        return self.state is KeyState.FORMER and self.use_count == 0


def find_keys() -> list[Key]:
    """The keys by purpose, the current one first."""
    return [*_find_settings_keys(), *_find_checkpoint_keys(), *_find_session_keys()][:MOST_KEYS]


def _find_settings_keys() -> Iterator[Key]:
    counted = _count_secrets()
    source = "WEBNET_SETTINGS_KEYS" if settings.WEBNET_SETTINGS_KEYS else secrets.KEY_FILE
    for place, text in enumerate(secrets.find_key_texts()):
        yield Key(
            purpose=KeyPurpose.SETTINGS,
            state=_state_at(place),
            fingerprint=fingerprint_of(KeyPurpose.SETTINGS, text),
            source=source,
            use_count=counted[place] if counted is not None else None,
        )
    if counted is not None and counted[None]:
        # What is encrypted does not say with which key.
        yield Key(purpose=KeyPurpose.SETTINGS, state=KeyState.MISSING, fingerprint=None, use_count=counted[None])


def _count_secrets() -> Counter[int | None] | None:
    """How many secrets each key encrypts, by its place, and None for those that none opens; None if there are many."""
    counted: Counter[int | None] = Counter()
    for model in (PluginConfig, CustomerPluginConfig):
        for stored in model.objects.exclude(secrets={}).values_list("secrets", flat=True).iterator(chunk_size=500):
            if counted.total() + len(stored) > MOST_COUNTED_SECRETS:
                return None
            counted.update(secrets.find_sealing_key(secret["sealed"]) for secret in stored.values())
    return counted


def _find_checkpoint_keys() -> Iterator[Key]:
    counted = Counter(statement.key for statement in read_statements())
    source = "WEBNET_AUDIT_KEYS" if settings.WEBNET_AUDIT_KEYS else signing_keys.KEY_FILE
    known = signing_keys.public_keys()
    states = {public: _state_at(place) for place, public in enumerate(known)}
    for public in dict.fromkeys([*known, *counted]):
        is_known = public in states
        yield Key(
            purpose=KeyPurpose.CHECKPOINTS,
            state=states.get(public, KeyState.MISSING),
            # What `verify_audit_log` shows of it.
            fingerprint=public[:FINGERPRINT_DIGITS],
            public_key=public,
            source=source if is_known else None,
            use_count=counted[public],
        )


def _find_session_keys() -> Iterator[Key]:
    for place, text in enumerate((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)):
        yield Key(
            purpose=KeyPurpose.SESSIONS,
            state=_state_at(place),
            fingerprint=fingerprint_of(KeyPurpose.SESSIONS, text),
            source="WEBNET_SECRET_KEY" if place == 0 else "WEBNET_SECRET_KEY_FALLBACKS",
        )


def _state_at(place: int) -> KeyState:
    return KeyState.CURRENT if place == 0 else KeyState.FORMER


def fingerprint_of(purpose: KeyPurpose, text: str) -> str:
    """The beginning of a hash that is made for this alone, so that it is no other hash of the key."""
    named = f"webnet: fingerprint of a key for {purpose.value}\0{text}"
    return hashlib.sha256(named.encode()).hexdigest()[:FINGERPRINT_DIGITS]
