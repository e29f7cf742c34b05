"""Finds a trusted document by its id. Documents that were used before take no statement.

Exact, and never by time: whoever trusts or forgets documents renews the platform's generation token, which the request
has read along with its user, and a document counts only under the token that it was found under.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from webnet.api.models import TrustedDocument

# Of all documents that a process keeps. They are parsed elsewhere, and this is about a thousand of usual size.
KEPT_CHARACTERS = 1_000_000


class TrustedText(NamedTuple):
    """A trusted document, and the names of the applications that it is trusted for, in their order."""

    text: str
    applications: tuple[str, ...]


class TrustedTexts:
    """Trusted documents by their digests: those that were used last, up to so many characters. Safe under threads."""

    def __init__(self, characters: int = KEPT_CHARACTERS) -> None:
        self._characters = characters
        self._used = 0
        self._found: OrderedDict[str, tuple[str, TrustedText]] = OrderedDict()
        self._lock = Lock()

    def find(self, digest: str, *, token: str | None) -> TrustedText | None:
        """The document with this digest, if it is trusted; `token` is the platform's, read in this request.

        Without a token, as for somebody signed out, one statement decides.
        """
        if token is None:
            return _read(digest)
        with self._lock:
            known = self._found.get(digest)
            if known is not None and known[0] == token:
                self._found.move_to_end(digest)
                return known[1]
        # Read after the token: what is found here is no older than the state that the token names.
        found = _read(digest)
        with self._lock:
            self._remove(digest)
            if found is not None:
                self._found[digest] = token, found
                self._used += len(found.text)
            while self._used > self._characters:
                self._remove(next(iter(self._found)))
        return found

    def clear(self) -> None:
        with self._lock:
            self._found.clear()
            self._used = 0

    def __len__(self) -> int:
        return len(self._found)

    def _remove(self, digest: str) -> None:
        if (former := self._found.pop(digest, None)) is not None:
            self._used -= len(former[1].text)


trusted_texts = TrustedTexts()


def _read(digest: str) -> TrustedText | None:
    rows = list(
        TrustedDocument.objects.filter(digest=digest).order_by("application").values_list("application", "text")
    )
    if not rows:
        return None
    return TrustedText(text=rows[0][1], applications=tuple(application for application, _ in rows))
