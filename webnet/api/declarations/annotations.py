"""Evaluates annotations that are text, once: Strawberry parses each of them several times while it makes a type."""

from __future__ import annotations

import inspect
import re
import sys
from contextlib import suppress
from typing import Any

# Names, with brackets and bars. For more than that, such as a name in quotes or `Annotated[…]`, Strawberry has rules.
_NAMES = re.compile(r"(?!.*\bAnnotated\b)[\w.\[\], |]+")


def read_annotations(cls: Any) -> None:
    """Replace the annotations of a class by what they say, as far as it exists by now.

    The others stay as they are, such as those with the name of a type that its module declares later.
    """
    own = inspect.get_annotations(cls)
    names = getattr(sys.modules.get(cls.__module__), "__dict__", {})
    for name, text in own.items():
        if isinstance(text, str) and _NAMES.fullmatch(text):
            # Strawberry evaluates it the same way, and says what is wrong with it.
            with suppress(Exception):
                cls.__annotations__[name] = eval(text, names)  # noqa: S307 - a class of the plugin or the host, whose code ran already
