"""Programs of Debian that tests start."""

from __future__ import annotations

import os
import shutil

import pytest


def find_program(name: str, *, package: str) -> str:
    """Its path; without it the test is skipped, or fails where TEST_REQUIRE_… and its name is set, as in CI."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        reason = f"There is no {name}: install Debian's package '{package}'."
        if os.environ.get(f"TEST_REQUIRE_{name.upper().replace('-', '_')}"):
            pytest.fail(reason)
        pytest.skip(reason)
    return program
