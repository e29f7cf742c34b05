"""Whose code a thread is in: found on the thread's own stack, so that nothing else needs to be kept of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType

from webnet.plugins.registry import registry


@dataclass(frozen=True, kw_only=True)
class Culprit:
    """A plugin, and the place in its code."""

    plugin: str
    place: str


def find_culprit(thread: int) -> Culprit | None:
    """The plugin that was called last and has not returned; None while the thread is in no plugin's code."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented by Python for just such a use
    modules = {entry.module: entry.name for entry in registry.loaded()}
    while frame is not None:
        if (plugin := _find_owner(frame, modules)) is not None:
            return Culprit(plugin=plugin, place=_describe(frame))
        frame = frame.f_back
    return None


def _find_owner(frame: FrameType, modules: dict[str, str]) -> str | None:
    name = _module_of(frame)
    return next((plugin for module, plugin in modules.items() if f"{name}.".startswith(f"{module}.")), None)


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _describe(frame: FrameType) -> str:
    return f"{_module_of(frame)}.{frame.f_code.co_qualname}, line {frame.f_lineno}"
