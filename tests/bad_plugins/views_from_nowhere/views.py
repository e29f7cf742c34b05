"""Can't be imported."""

from django.shortcuts import draw  # noqa: F401
