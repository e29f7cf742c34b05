"""A throw-away plugin whose settings have every kind of field."""

from __future__ import annotations

from typing import Any

from webnet.plugins.base import PluginBase

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "word": {"type": "string", "title": "Word", "description": "Said first.", "default": "hello", "maxLength": 20},
        "count": {"type": "integer", "minimum": 1, "maximum": 9_000_000_000_000_000_000, "default": 3},
        "rate": {"type": "number"},
        "loud": {"type": "boolean", "default": True},
        "level": {"enum": ["low", "high"], "default": "low"},
        "day": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "servers": {
            "type": "array",
            "title": "Servers",
            "items": {
                "type": "object",
                "properties": {"host": {"type": "string", "minLength": 1}, "port": {"type": "integer"}},
                "required": ["host"],
            },
        },
        "sign_in": {
            "title": "Sign-in",
            "oneOf": [
                {
                    "title": "Basic",
                    "type": "object",
                    "properties": {
                        "kind": {"const": "basic"},
                        "user": {"type": "string"},
                        "password": {"type": "string", "writeOnly": True},
                    },
                    "required": ["kind", "user"],
                    "additionalProperties": False,
                },
                {
                    "title": "Token",
                    "type": "object",
                    "properties": {"kind": {"const": "token"}, "token": {"type": "string", "writeOnly": True}},
                    "required": ["kind"],
                    "additionalProperties": False,
                },
            ],
        },
        "tokens": {
            "type": "object",
            "title": "Tokens",
            "additionalProperties": {"type": "string", "writeOnly": True, "minLength": 3},
        },
        "labels": {"type": "object", "title": "Labels", "additionalProperties": {"type": "string"}},
        "anything": {"title": "Anything"},
        "quota": {"type": "integer", "title": "Quota", "default": 7, "x-webnet-scope": "platform"},
    },
}


class Talker(PluginBase):
    name = "talker"
    verbose_name = "Talker"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return SCHEMA


class Mute(PluginBase):
    name = "mute"
    verbose_name = "Mute"
    version = "1.0"
