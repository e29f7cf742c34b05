"""Spares processes the search for GDAL, the library of geographic fields, where the machine does not have it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# The libraries that Linux's loader knows, with their paths: what `ldconfig -p` prints.
LOADER_CACHE = Path("/etc/ld.so.cache")


class AbsentLibrary(PathLike[str]):
    """The value of GDAL_LIBRARY_PATH if there is none: whoever wants to load it gets Django's error for that."""

    def __fspath__(self) -> str:
        raise ImproperlyConfigured(
            "This machine has no GDAL library, which geographic fields need: install it, or set GDAL_LIBRARY_PATH in a "
            "settings module of your own."
        )


def find_gdal(loader_cache: Path = LOADER_CACHE) -> AbsentLibrary | None:
    """The value of GDAL_LIBRARY_PATH: None lets Django search.

    strawberry_django tries to import Django's geographic fields, twice. Without GDAL, Django then asks the loader and
    the compiler for a dozen names each time, which takes 70 processes at every start.
    """
    try:
        is_known = b"libgdal" in loader_cache.read_bytes()
    except OSError:  # a system with another loader
        return None
    return None if is_known else AbsentLibrary()
