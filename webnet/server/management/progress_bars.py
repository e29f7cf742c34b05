"""Shows the progress of a backup, a bar for each of its steps; nothing where there is no terminal."""

from __future__ import annotations

from types import TracebackType

from tqdm import tqdm


class ProgressBars:
    """Call it with what is being done, how much is done, and how much there is; use it as a context manager."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._step = ""

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if step != self._step:
            self._close()
            self._bar, self._step = tqdm(desc=step, total=total, unit_scale=True, disable=None), step
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
