"""Python's garbage collector in webnet's processes: it runs less often, and leaves alone what lives as long as they."""

from __future__ import annotations

import gc

# Objects that are made before it looks at the young ones; Python's own 700 is for small programs. A start makes a
# million that stay, and was a tenth longer. Of 5,000 objects few are waste that only the collector can find.
YOUNG_OBJECTS = 5_000


def relax() -> None:
    """Look for garbage less often, from now on."""
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def keep_all() -> None:
    """Never look again at what exists now, such as code, models and the schema, once a worker is complete.

    To look through it takes 150 ms with 50 plugins, for which a request would wait from time to time.
    """
    gc.freeze()
