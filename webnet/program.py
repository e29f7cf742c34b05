"""Where webnet is installed, and what its commands are called there."""

from __future__ import annotations

from pathlib import Path


def find_checkout() -> Path | None:
    """The folder of the checkout that this code is in; None where the package is installed without one."""
    folder = Path(__file__).resolve().parents[1]
    return folder if (folder / "manage.py").is_file() else None


# What messages call the program, as in "run 'webnet migrate'".
PROGRAM = "webnet" if find_checkout() is None else "manage.py"
