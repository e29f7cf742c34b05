"""What the pytest plugin keeps for the length of a run."""

from __future__ import annotations

import tempfile

import pytest

# The folder of the run's data: its SQLite file, its keys.
DATA_DIR = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
