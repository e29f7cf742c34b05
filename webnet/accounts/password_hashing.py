"""Hashes passwords with Argon2, a few at a time: each hash takes as much memory and time as it is meant to cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher

from webnet.errors import RateLimited
from webnet.sentences import sentence

# At most half of the threads of a process by default, and 128 MiB.
HASHES_AT_A_TIME = 2
LONGEST_WAIT_SECONDS = 2


class Argon2Hasher(Argon2PasswordHasher):
    """Django's hasher with the second choice of RFC 9106, in one thread: 64 MiB and three passes.

    That is more than the least that OWASP recommends (19 MiB and two passes). Django's default of eight threads would
    make eight at once of each hash, on servers that have other requests to answer.
    """

    memory_cost = 65_536  # KiB
    time_cost = 3
    parallelism = 1


_slots = BoundedSemaphore(HASHES_AT_A_TIME)


@contextmanager
def limited_hashing() -> Iterator[None]:
    """For those who may send any number of passwords; raises RateLimited if too many others are being checked."""
    if not _slots.acquire(timeout=LONGEST_WAIT_SECONDS):
        message = sentence("Too many people are signing in: try again in {seconds} s.", seconds=LONGEST_WAIT_SECONDS)
        raise RateLimited(message, retry_after_seconds=LONGEST_WAIT_SECONDS)
    try:
        yield
    finally:
        _slots.release()
