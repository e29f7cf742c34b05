"""What breaks a sample plugin from outside."""

from __future__ import annotations


class Raising:
    """Stands for a module or a class whose every attribute raises."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        raise self._error
