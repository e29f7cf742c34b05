"""What each plugin adds to the schema of this process, as a sync stores it."""

from __future__ import annotations

from webnet.api.engine.current import current_schema
from webnet.contract.parts import strip_descriptions


def list_plugin_schemas() -> dict[str, str]:
    """SDL without descriptions, by plugin; those that add nothing are left out."""
    parts = current_schema().schema.parts
    return {plugin: strip_descriptions(sdl) for plugin, sdl in parts.exports.items()}
