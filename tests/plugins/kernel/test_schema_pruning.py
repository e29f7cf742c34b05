"""What customers see of a schema, and of settings: nothing of what only the platform can set."""

import json

import pytest
from jsonschema import Draft202012Validator

from webnet.plugins.schema.settings_schema import SettingsSchema, prune_settings

OURS = {"type": "integer", "x-webnet-scope": "platform", "title": "hush"}

SCHEMAS = {
    "a property": {"properties": {"hush": OURS, "open": {}}, "required": ["hush", "open"]},
    "behind a reference": {"properties": {"hush": {"$ref": "#/$defs/hush"}, "open": {}}, "$defs": {"hush": OURS}},
    "old definitions": {"properties": {"hush": {"$ref": "#/definitions/hush"}}, "definitions": {"hush": OURS}},
    "deep": {"properties": {"open": {"properties": {"hush": OURS}, "required": ["hush"], "maxProperties": 3}}},
    "within allOf": {"allOf": [{"properties": {"hush": OURS}}], "required": ["hush"], "properties": {"open": {}}},
    "within oneOf": {"properties": {"open": {"oneOf": [{"properties": {"hush": OURS}}, {"required": ["hush"]}]}}},
    "conditions": {
        "properties": {"hush": OURS, "open": {}},
        "if": {"required": ["hush"]},
        "then": {"properties": {"open": {"const": 1}}},
    },
    "what depends on it": {
        "properties": {"hush": OURS, "open": {}},
        "dependentRequired": {"hush": ["open"], "open": ["hush"]},
        "dependentSchemas": {"hush": {"required": ["open"]}, "open": {"required": ["hush"]}},
    },
    "a pattern": {"patternProperties": {"^hush": OURS}, "properties": {"open": {}}},
    "other members": {"properties": {"open": {"additionalProperties": OURS}}},
    "defaults": {
        "properties": {"open": {"properties": {"hush": OURS, "other": {}}}},
        "default": {"open": {"hush": 1, "other": 2}},
    },
    "examples": {
        "properties": {"open": {"properties": {"hush": OURS}, "examples": [{"hush": 1}], "enum": [{"hush": 1}]}}
    },
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_no_mention_of_what_is_the_platforms_is_left_and_the_rest_is(schema):
    whole = SettingsSchema(schema)

    pruned = whole.schema_for_customers()

    assert "hush" not in json.dumps(pruned)
    assert "platform" not in json.dumps(pruned)
    Draft202012Validator.check_schema(pruned)
    assert ("open" in json.dumps(pruned)) == ("open" in json.dumps(schema))
    assert "hush" in json.dumps(whole.schema)


def test_what_is_everybodys_stays_as_it_is():
    schema = {
        "type": "object",
        "title": "All",
        "additionalProperties": False,
        "properties": {"b": {"enum": ["x", "y"], "default": "x"}, "a": {"$ref": "#/$defs/a"}},
        "required": ["a"],
        "$defs": {"a": {"type": "string", "writeOnly": True}},
    }

    pruned = SettingsSchema(schema).schema_for_customers()

    assert json.dumps(pruned) == json.dumps(schema)


def test_settings_are_shown_without_the_platforms_values_at_any_depth():
    schema = SettingsSchema(SCHEMAS["deep"])

    assert prune_settings({"open": {"hush": 1, "other": 2}}, schema.platform_only) == {"open": {"other": 2}}
