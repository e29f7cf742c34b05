"""Settings with their secrets open, for the plugin itself: opened when first read, and never shown by accident."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any


class OpenedSettings(Mapping[str, Any]):
    """Read it like a dict; its `repr` tells names only, so that a log line or a traceback holds no secret.

    Reading raises SecretUnreadable when a secret does not open: there is no setting without its secret.
    """

    def __init__(self, open_settings: Callable[[], dict[str, Any]]) -> None:
        self._open = open_settings

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {name: _conceal(value) for name, value in self._open().items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        opened = vars(self).get("_values")
        return f"<settings: {', '.join(opened)}>" if opened is not None else "<settings, not read yet>"


class ConcealedDict(dict[str, Any]):
    """An object within opened settings: a dict in every way but that its `repr` tells names only."""

    def __repr__(self) -> str:
        return f"<settings: {', '.join(self)}>"


def _conceal(value: Any) -> Any:
    if isinstance(value, dict):
        return ConcealedDict({name: _conceal(member) for name, member in value.items()})
    return value
