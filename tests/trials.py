"""What the testing kit and `check_plugin` start, forked as well, in tests whose subject is what comes after a start."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from tests import interpreters
from webnet.sdk.trial import processes


@pytest.fixture(scope="session", autouse=True)
def warm_trials() -> Iterator[None]:
    """For a `conftest.py` to import."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(processes, "_start", _start_warm)
        yield


def _start_warm(
    arguments: Sequence[str], *, environment: dict[str, str], folder: Path, stdout: IO[str] | int, stderr: IO[str] | int
) -> interpreters.Process:
    if isinstance(stdout, int) or isinstance(stderr, int):
        assert (stdout, stderr) == (subprocess.PIPE, subprocess.STDOUT)
        return interpreters.start(["-m", *arguments], environment=environment, folder=folder)
    return interpreters.start(["-m", *arguments], environment=environment, folder=folder, stdout=stdout, stderr=stderr)
