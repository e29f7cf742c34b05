"""Reads what many rows of an answer need in one statement instead of one for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Loader(Generic[Key, Value]):
    """Values by key, read when the first is asked for, for all keys that were announced until then.

    `load` takes keys and returns what it found of them; what it did not find is None from then on.
    """

    def __init__(self, load: Callable[[Collection[Key]], Mapping[Key, Value]]) -> None:
        self._load = load
        self._announced: dict[Key, None] = {}
        self._values: dict[Key, Value | None] = {}

    def announce(self, keys: Iterable[Key]) -> None:
        """Say that these may be asked for soon."""
        self._announced.update((key, None) for key in keys if key not in self._values)

    def expects(self, key: Key) -> bool:
        """Whether it was announced, or read already."""
        return key in self._announced or key in self._values

    def put(self, key: Key, value: Value) -> None:
        """Keep a value that was read elsewhere."""
        self._values[key] = value

    def get(self, key: Key) -> Value | None:
        """The value, or None where there is none."""
        if key not in self._values:
            wanted = list({**self._announced, key: None})
            self._announced.clear()
            found = self._load(wanted)
            self._values.update((each, found.get(each)) for each in wanted)
        return self._values[key]

    def known(self) -> list[Value]:
        """Every value read so far."""
        return [value for value in self._values.values() if value is not None]
