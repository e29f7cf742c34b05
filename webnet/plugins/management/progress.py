"""A progress bar for commands that take long: drawn in place on a terminal, and not at all elsewhere."""

from __future__ import annotations

from typing import Any

WIDTH = 30


class ProgressBar:
    """`stream` is a command's `self.stderr`; call `show` as often as you like, and `end` once."""

    def __init__(self, stream: Any, *, label: str) -> None:
        self._stream = stream
        self._label = label
        self._shown = ""

    def show(self, done: int, total: int) -> None:
        """Draw how much of the total is done; what would look the same is not drawn again."""
        if not self._stream.isatty():
            return
        part = done / total if total else 1.0
        line = f"{self._label} [{'#' * int(WIDTH * part):{WIDTH}}] {part:4.0%}, {done} of {total}"
        if line != self._shown:
            self._stream.write(f"\r{line}", style_func=str, ending="")
            self._stream.flush()
            self._shown = line

    def end(self) -> None:
        """Leave the bar's line, so that what follows has its own."""
        if self._shown:
            self._stream.write("")
