"""Keeps documents that were seen before, and what was found out about them without a schema."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, TypeVar

from graphql import DocumentNode, parse

# Of all documents that are kept parsed: 10 MB at most in each process, and a hundred documents of usual size.
CACHED_CHARACTERS = 64_000
# A document that would take more than this part of them is not kept: it would drop too many others.
LARGEST_SHARE = 4

Found = TypeVar("Found")


class KnownDocuments:
    """Documents by their text, parsed once; those that were used last, up to so many characters. Safe under threads.

    And what was made of them: it counts as if it were another document.

    By their size, since one takes up to 200 bytes for each of its characters, and clients that write values into their
    documents send a new one with every request.
    """

    def __init__(self, characters: int) -> None:
        self._characters = characters
        self._used = 0
        self._found: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()
        self._lock = Lock()

    def parse(self, text: str, options: Mapping[str, Any]) -> DocumentNode:
        """The document; raises a GraphQLSyntaxError."""

        def make() -> DocumentNode:
            parsed = parse(text, **options)
            _part_tokens(parsed)
            return parsed

        return self.find(text, tuple(sorted(options.items())), make)

    def find(self, text: str, kind: Hashable, make: Callable[[], Found]) -> Found:
        """What `make` returned for this text and kind of result; what it raises is not kept."""
        key = (text, kind)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                known: Found = self._found[key]
                return known
        made = make()
        if len(text) > self._characters // LARGEST_SHARE:
            return made
        with self._lock:
            if key in self._found:  # Another thread was faster.
                return self._found[key]  # type: ignore[no-any-return]
            self._found[key] = made
            self._used += len(text)
            while self._used > self._characters:
                (dropped, _), _ = self._found.popitem(last=False)
                self._used -= len(dropped)
        return made

    def clear(self) -> None:
        with self._lock:
            self._found.clear()
            self._used = 0

    def __len__(self) -> int:
        return len(self._found)


known_documents = KnownDocuments(CACHED_CHARACTERS)


def _part_tokens(document: DocumentNode) -> None:
    """Take the tokens of a document from each other, as graphql-core does when it is pickled; only its parser reads on.

    In a chain they would keep all braces of the document, and stay after it until the garbage collector finds them.
    """
    token = document.loc.start_token if document.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
