"""Fixtures that every test may use; the environment itself is prepared by the `conftest.py` above this folder."""
