"""Settings schemas in other people's hands: Ajv compiles each in its strict mode, and rjsf hides each secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.databases import one_database_is_enough
from tests.node import FORMS, install_clients, start_client
from webnet.plugins.schema.settings_schema import SettingsSchema
from webnet.sdk.testing import MakeClient, SwitchPlugin

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

LIMIT_SECONDS = 60
EXAMPLES = ("hello_world", "device_inventory", "site_map", "reachability")
SECRET = {"type": "string", "writeOnly": True}
NASTY = {
    "type": "object",
    "$id": "https://example.com/nasty",
    "additionalProperties": False,
    "x-order": ["token"],
    "properties": {
        "token": {**SECRET, "minLength": 2, "x-webnet-scope": "platform", "enumNames": ["?"]},
        "password": {"type": "string", "format": "password"},
        "hook": {**SECRET, "format": "uri"},
        "pin": {"type": "integer", "writeOnly": True},
        "shared": {"$ref": "#/$defs/address", "writeOnly": True},
        "open": {"$ref": "#/$defs/address"},
        "maybe": {"$ref": "#/$defs/maybe", "writeOnly": True},
        "maybe_open": {"$ref": "#/$defs/maybe"},
        "key": {"$ref": "#/$defs/key"},
        "parts": {"allOf": [{"type": "string", "maxLength": 9}, {"writeOnly": True, "title": "Parts"}]},
        "either": {"oneOf": [{**SECRET, "format": "ipv4"}, {**SECRET, "format": "uuid"}]},
        "list": {"type": "array", "writeOnly": True, "items": {"type": "string"}},
        "keyed": {"type": "object", "additionalProperties": SECRET},
        "matched": {"type": "object", "patternProperties": {"^t": SECRET}, "additionalProperties": False},
        "format": {"type": "string", "default": "x-webnet-scope"},
        "anything": True,
        "nothing": False,
        "deep": {
            "type": "object",
            "properties": {"way": {"enum": ["none", "key"]}},
            "if": {"properties": {"way": {"const": "key"}}},
            "then": {"properties": {"secret": {"$ref": "#/$defs/key"}}},
            "dependencies": {"way": ["secret"]},
        },
    },
    "$defs": {
        "address": {"type": "string", "format": "email"},
        "maybe": {"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]},
        "key": {"type": "string", "format": "password", "pattern": "^[a-z]+$"},
    },
}
FILLED = {
    "maybe": "abc",
    "maybe_open": "abc",
    "either": "127.0.0.1",
    "list": ["a"],
    "keyed": {"a": "b"},
    "matched": {"t": "b"},
    "deep": {"way": "key"},
}
DOCUMENTS: list[dict[str, Any]] = [
    {},
    FILLED,
    {"token": "a"},
    {"hook": "no address"},
    {"hook": "https://example.com"},
    {"pin": "1"},
    {"shared": "a@example.com", "open": "a@example.com"},
    {"shared": "nobody"},
    {"open": "nobody"},
    {"maybe": "a"},
    {"maybe": None, "maybe_open": None},
    {"key": "A"},
    {"parts": "0123456789"},
    {"either": "a"},
    {"list": ["a", 1]},
    {"keyed": {"a": 1}},
    {"matched": {"a": "b"}},
    {"nothing": 1},
    {"anything": [1]},
    {"deep": {"way": "key", "secret": "A"}},
    {"deep": {"way": "none", "secret": "A"}},
]


@pytest.fixture
def shown(make_webnet_client: MakeClient, enable_plugin: SwitchPlugin) -> dict[str, Any]:
    """The schemas that platform operators and customers are served, by plugin and role."""
    for plugin in EXAMPLES:
        enable_plugin(plugin)
    query = "{ plugins(first: 100) { edges { node { name settingsSchema } } } }"
    return {
        f"{edge['node']['name']} for {role}": edge["node"]["settingsSchema"]
        for role in ("platform", "admin")
        for edge in make_webnet_client(role).query(query)["plugins"]["edges"]
        if edge["node"]["settingsSchema"]
    }


@pytest.mark.slow
def test_strict_validators_compile_every_schema_and_forms_hide_every_secret(
    shown: dict[str, Any], tmp_path: Path
) -> None:
    nasty = SettingsSchema(NASTY)
    schemas = shown | {"nasty": nasty.for_clients(sees_platform_only=True)}
    file = tmp_path / "schemas.json"
    data = {"nasty": FILLED, "reachability for admin": {"tokens": {"core-1": "s"}}}
    listed = [
        {"name": name, "schema": schema, "documents": DOCUMENTS if name == "nasty" else [], "data": data.get(name, {})}
        for name, schema in schemas.items()
    ]
    file.write_text(json.dumps(listed))

    with start_client(install_clients(tmp_path, FORMS), "forms.mjs", file=str(file)) as process:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)

    found = {each["name"]: each for each in map(json.loads, output.splitlines())}
    assert {f"{name} for {role}" for name in EXAMPLES for role in ("platform", "admin")} <= found.keys()
    assert {name: each["problem"] for name, each in found.items() if each["problem"]} == {}
    # The served schema accepts what the author's does.
    assert found["nasty"]["valid"] == [nasty.validate(document) == () for document in DOCUMENTS]
    assert found["nasty"]["inputs"] == {
        "root_token": "password",
        "root_password": "password",
        "root_hook": "password",
        "root_pin": "number",
        "root_shared": "password",
        "root_open": "email",
        "root_maybe": "password",
        "root_maybe_open": "text",
        "root_key": "password",
        "root_parts": "password",
        "root_either": "password",
        "root_list_0": "password",
        "root_keyed_a": "password",
        "root_matched_t": "password",
        "root_format": "text",
        "root_deep_secret": "password",
    }
    assert found["reachability for admin"]["inputs"]["root_tokens_core-1"] == "password"
