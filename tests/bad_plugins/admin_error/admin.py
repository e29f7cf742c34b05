"""Can't be imported."""

from admin_error.models import Candle  # noqa: F401
