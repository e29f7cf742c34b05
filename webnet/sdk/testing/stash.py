"""The pytest plugin's data for the length of a test run."""

from __future__ import annotations

import tempfile

import pytest

# The mark of a test that changes tables or triggers.
CHANGES_TABLES = "changes_tables"
# The data folder of the run, with its SQLite database and keys.
DATA_DIR = pytest.StashKey[tempfile.TemporaryDirectory[str]]()
