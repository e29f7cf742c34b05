"""A plugin whose settings need every part of a form."""

from __future__ import annotations

from typing import Any

from webnet.plugins.base import PluginBase


class Form(PluginBase):
    name = "form"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "title": "Form",
            "required": ["internal"],
            "properties": {
                "zone": {
                    "type": "string",
                    "title": "Zone",
                    "description": "Where it runs.",
                    "enum": ["north", "south"],
                },
                "mode": {
                    "oneOf": [{"const": "safe", "title": "Safe"}, {"const": "fast", "title": "As fast as can be"}],
                    "default": "safe",
                },
                "account": {"$ref": "#/$defs/account"},
                "internal": {"type": "integer", "default": 1, "x-webnet-scope": "platform"},
            },
            "$defs": {
                "account": {
                    "type": "object",
                    "properties": {"user": {"type": "string"}, "password": {"type": "string", "writeOnly": True}},
                }
            },
        }
