"""What the pytest plugin keeps for the length of a run."""

from __future__ import annotations

import tempfile

import pytest

# The mark of a test that changes tables or triggers.
CHANGES_TABLES = "changes_tables"
# The folder of the run's data: its SQLite file, its keys.
DATA_DIR = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
