"""Runs one of the programs in `benchmarks/`, as its documentation says."""

from __future__ import annotations

import os
import subprocess

from tests import interpreters
from tests.servers import ROOT

LIMIT_SECONDS = 300


def run_benchmark(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished process: 0 says that what is promised held, 1 that it did not, all else that it broke."""
    command = [str(ROOT / "benchmarks" / f"{name}.py"), *arguments]
    done = interpreters.run(command, environment=os.environ, folder=ROOT, timeout=LIMIT_SECONDS)
    assert done.returncode in (0, 1), done.stderr
    return done
