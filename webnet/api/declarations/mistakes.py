"""The error for a mistake in a plugin's GraphQL: its file and line, what is wrong, and what to write instead."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from webnet.errors import PluginDefinitionError


def mistake(source: Any, place: str, problem: str, *, name: str = "") -> PluginDefinitionError:
    """The error for a class or function; `name` is the attribute of the class that is at fault."""
    return PluginDefinitionError(f"In {_locate(source, name)}, {place}: {problem}.")


def _locate(source: Any, name: str) -> str:
    """File and line; only the module of what was not written in a file."""
    module, source = getattr(source, "__module__", None) or "?", inspect.unwrap(source)
    try:
        file, (lines, first) = inspect.getsourcefile(source), inspect.getsourcelines(source)
    except (OSError, TypeError):
        return f"'{module}'"
    # The module's part of the path: those who see the reason need not know where it is installed.
    depth = module.count(".") + (2 if Path(file or "").name == "__init__.py" else 1)
    path = "/".join(Path(file or "").parts[-depth:])
    written = re.compile(rf"\s+(?:async def |def )?{re.escape(name)}\s*[:=(]")
    offset = next((number for number, line in enumerate(lines) if name and written.match(line)), 0)
    return f"'{path}', line {first + offset}"
