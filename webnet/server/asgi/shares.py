"""Who a request counts for before it gets a thread, without asking the database; and who of those that wait is next."""

from __future__ import annotations

import re
from asyncio import Future
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic

from django.conf import settings

from webnet.accounts.authentication import network_of
from webnet.plugins.gate.effective import BoundedCache
from webnet.server.asgi.types import Scope

# All who are not known share this one, so that nobody gets more by inventing tokens, sessions or customers.
STRANGERS = ""
# Of credentials and the views in which they were seen, in each process.
MOST_KNOWN = 10_000
# A credential that was not let in for so long, be it idle or revoked, is a stranger's again.
KNOWN_SECONDS = 300.0

_VIEW = re.compile(r"/(?:graphql|c)/([^/]+)(?:/|\Z)")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who a request counts for: `share` is a customer's or a user's, and its members take turns within it.

    `credential` is a digest, empty without one, and `view` the slug in the path, which may be anybody's.
    """

    share: str
    member: str
    credential: bytes = b""
    view: str = ""


class Callers:
    """Which share each credential belongs to, learned from the answers to its requests; used on the event loop only."""

    def __init__(self) -> None:
        self._known: BoundedCache[tuple[bytes, str], tuple[str, float]] = BoundedCache(MOST_KNOWN)

    def find(self, scope: Scope) -> Caller:
        """Who the request counts for: who its credential was let in for last time, and a stranger of its address else.

        So a customer's name in the path counts for nothing unless its sender was let in there.
        """
        credential = _digest_credential(scope)
        path: str = scope["path"].removeprefix(scope["root_path"])
        match = _VIEW.match(path)
        view = match[1] if match is not None else ""
        share = self._share_of(credential, view) or self._share_of(credential, "")
        if share:
            return Caller(share=share, member=credential.hex(), credential=credential, view=view)
        client = scope.get("client")
        return Caller(
            share=STRANGERS, member=_find_origin(client[0] if client else ""), credential=credential, view=view
        )

    def learn(self, caller: Caller, *, customer_id: int | None, user_id: int | None) -> None:
        """Remember who the caller's credential was let in for, a customer or a user; nothing if it was not let in."""
        if not caller.credential or (customer_id is None and user_id is None):
            return
        share = f"customer {customer_id}" if customer_id is not None else f"user {user_id}"
        until = monotonic() + KNOWN_SECONDS
        self._known.put((caller.credential, ""), (share, until))
        # Not for views that it was not let into: their number is up to the client.
        if caller.view and customer_id is not None:
            self._known.put((caller.credential, caller.view), (share, until))

    def _share_of(self, credential: bytes, view: str) -> str:
        share, until = self._known.get((credential, view)) or ("", 0.0)
        return share if monotonic() < until else ""


class Turns:
    """Those who wait for a thread: a share after the other has a turn, and in each share a member after the other."""

    def __init__(self) -> None:
        # The first of each has waited longest for its turn.
        self._shares: dict[str, dict[str, deque[Future[None]]]] = {}
        self._counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[str]:
        """The shares that wait, in the order of their turns."""
        return iter(self._shares)

    def __len__(self) -> int:
        return self._counts.total()

    def count(self, share: str) -> int:
        """How many requests of the share wait."""
        return self._counts[share]

    def count_member(self, caller: Caller) -> int:
        """How many requests of the caller wait."""
        return len(self._shares.get(caller.share, {}).get(caller.member, ()))

    def add(self, caller: Caller, turn: Future[None]) -> None:
        """Have one wait."""
        self._shares.setdefault(caller.share, {}).setdefault(caller.member, deque()).append(turn)
        self._counts[caller.share] += 1

    def remove(self, caller: Caller, turn: Future[None]) -> None:
        """Remove one that no longer waits."""
        members = self._shares[caller.share]
        members[caller.member].remove(turn)
        if not members[caller.member]:
            del members[caller.member]
        if not members:
            del self._shares[caller.share]
        self._count_less(caller.share)

    def take(self, share: str) -> Future[None]:
        """Remove the next one of the share; the share and the member then have the last turn."""
        members = self._shares.pop(share)
        member = next(iter(members))
        waiting = members.pop(member)
        turn = waiting.popleft()
        if waiting:
            members[member] = waiting
        if members:
            self._shares[share] = members
        self._count_less(share)
        return turn

    def _count_less(self, share: str) -> None:
        self._counts[share] -= 1
        if not self._counts[share]:
            del self._counts[share]


def _digest_credential(scope: Scope) -> bytes:
    """A digest of the token or session that the request has; empty without either.

    Which of several Django takes does not matter here: another combination is another credential.
    """
    digest = blake2b(digest_size=16)
    has_any = False
    cookie = settings.SESSION_COOKIE_NAME.encode() + b"="
    for name, value in scope["headers"]:
        parts = [value] if name == b"authorization" else []
        if name == b"cookie":
            parts = [part for each in value.split(b";") if (part := each.strip()).startswith(cookie)]
        for part in parts:
            digest.update(b"%d:%b" % (len(part), part))
            has_any = True
    return digest.digest() if has_any else b""


def _find_origin(address: str) -> str:
    try:
        return network_of(address)
    except ValueError:
        return ""  # a Unix socket's
