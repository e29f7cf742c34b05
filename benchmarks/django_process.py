"""Sets Django up in the process of a benchmark."""

from __future__ import annotations

import logging


def set_up_django() -> None:
    """Set up the settings of the environment; the log says only what goes wrong, not each request."""
    import django

    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
