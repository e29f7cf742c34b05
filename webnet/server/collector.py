"""Python's garbage collector in webnet's processes: it runs less often, and leaves alone what lives as long as they."""

from __future__ import annotations

import gc

# Objects that are made before it looks at the young ones; Python's own 700 is for small programs. A start makes a
# million that stay, and was a tenth longer. Of 5,000 objects few are waste that only the collector can find.
YOUNG_OBJECTS = 5_000
# How often it looks at the young ones before it looks at those that were left, and at these before it looks at all.
SELDOM = (10, 10)
# A start ends before that: what is left of it stays. Looking at all of it from time to time took a twentieth of it.
NEVER = (10_000, 10_000)


def relax(*, is_starting: bool = False) -> None:
    """Look for garbage less often, from now on; while a process starts, only among what is young."""
    gc.set_threshold(YOUNG_OBJECTS, *(NEVER if is_starting else SELDOM))


def keep_all() -> None:
    """Never look again at what exists now, such as code, models and the schema: once a worker or a command is set up.

    To look through it takes 150 ms with 50 plugins, for which a request would wait from time to time.
    """
    gc.freeze()
    relax()
