"""Installations for tests that kill processes."""

from tests.plugins.lifecycle.conftest import installation, template

__all__ = ["installation", "template"]
