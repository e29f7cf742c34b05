"""A settings schema as clients read it: each secret has both marks, however it is written, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from webnet.plugins.schema.settings_schema import SettingsSchema

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SECRET = {"type": "string", "writeOnly": True}
MARKED = {"type": "string", "writeOnly": True, "format": "password"}


def for_clients(schema: dict[str, Any], *, sees_platform_only: bool = True) -> Any:
    read = SettingsSchema(schema).for_clients(sees_platform_only=sees_platform_only)
    Draft202012Validator.check_schema(read)
    return read


def member(declared: Any, **others: Any) -> Any:
    """What clients read of one property, of which the schema has `others` beside it."""
    return for_clients({"properties": {"it": declared}, **others})["properties"]["it"]


def test_the_draft_comes_first_and_the_authors_schema_stays_as_it_is() -> None:
    author = {"type": "object", "$id": "https://example.com/it", "properties": {"it": SECRET}}
    schema = SettingsSchema(author)

    read = schema.for_clients(sees_platform_only=True)

    assert list(read) == ["$schema", "type", "properties"] and read["$schema"] == DRAFT
    assert schema.schema == author
    assert for_clients({"type": "object", "$schema": f"{DRAFT}#"})["$schema"] == DRAFT


@pytest.mark.parametrize(
    "declared",
    [
        SECRET,
        {"type": "string", "format": "password"},
        {"type": "string", "format": "password", "writeOnly": False},
        MARKED,
    ],
)
def test_whichever_mark_the_author_wrote_clients_read_both(declared: dict[str, Any]) -> None:
    assert member(declared) == MARKED


def test_another_format_moves_aside_and_still_applies() -> None:
    declared = {"type": "string", "writeOnly": True, "format": "uri", "allOf": [{"not": {"minLength": 300}}]}

    found = member(declared)

    assert found == MARKED | {"allOf": [{"not": {"minLength": 300}, "writeOnly": True}, {"format": "uri"}]}


@pytest.mark.parametrize(
    ("declared", "read"),
    [
        ({"additionalProperties": SECRET}, {"additionalProperties": MARKED}),
        ({"patternProperties": {"^a": SECRET}}, {"patternProperties": {"^a": MARKED}}),
        ({"properties": {"a": {"properties": {"b": SECRET}}}}, {"properties": {"a": {"properties": {"b": MARKED}}}}),
        ({"if": {"required": ["a"]}, "then": {"properties": {"a": SECRET}}}, None),
        ({"oneOf": [{"properties": {"a": SECRET}}, {"type": "null"}]}, None),
        ({"dependentSchemas": {"b": {"properties": {"a": SECRET}}}}, None),
    ],
)
def test_a_secret_is_marked_at_every_depth(declared: dict[str, Any], read: dict[str, Any] | None) -> None:
    found = member(declared)

    assert found == read if read is not None else str(MARKED) in str(found)


def test_alternatives_of_a_secret_are_marked_where_the_value_is_typed() -> None:
    found = member({"writeOnly": True, "anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]})

    assert found == {"writeOnly": True, "anyOf": [MARKED | {"minLength": 2}, {"type": "null", "writeOnly": True}]}


def test_a_mark_in_one_of_several_parts_marks_the_whole() -> None:
    found = member({"allOf": [{"type": "string", "minLength": 3}, {"writeOnly": True}]})

    assert found == MARKED | {"allOf": [MARKED | {"minLength": 3}, {"writeOnly": True}]}


def test_a_mark_of_one_branch_marks_the_member_in_the_others() -> None:
    branches = [{"properties": {"it": {"type": "string"}}}, {"properties": {"it": {"writeOnly": True}}}]

    read = for_clients({"allOf": branches})

    assert [each["properties"]["it"] for each in read["allOf"]] == [MARKED, {"writeOnly": True}]


def test_a_pattern_marks_the_members_that_it_covers() -> None:
    read = for_clients(
        {"properties": {"token": {"type": "string"}, "it": {"type": "string"}}, "patternProperties": {"^to": SECRET}}
    )

    assert read["properties"] == {"token": MARKED, "it": {"type": "string"}}


def test_items_of_a_secret_list_are_typed_into_hidden_fields() -> None:
    declared = {"type": "array", "writeOnly": True, "items": {"type": "string"}}

    assert member(declared) == declared | {"items": MARKED}


@pytest.mark.parametrize("kind", ["boolean", "null", "array"])
def test_what_nobody_types_has_no_format(kind: str) -> None:
    assert member({"type": kind, "writeOnly": True}) == {"type": kind, "writeOnly": True}


def test_the_type_of_a_choice_is_written_down() -> None:
    assert member({"enum": ["a", "b", None], "writeOnly": True})["type"] == ["string", "null"]
    assert member({"const": 2, "writeOnly": True})["type"] == "number"


def test_a_secret_without_a_type_is_still_marked() -> None:
    assert member({"writeOnly": True}) == {"writeOnly": True, "format": "password"}


def test_a_definition_that_is_secret_marks_those_who_refer_to_it() -> None:
    read = for_clients({"properties": {"it": {"$ref": "#/$defs/key"}}, "$defs": {"key": SECRET}})

    assert read["properties"]["it"] == {"$ref": "#/$defs/key", **MARKED}
    assert read["$defs"] == {"key": MARKED}


def test_a_definition_that_is_secret_in_one_place_only_is_left_to_the_others() -> None:
    shared = {"anyOf": [{"$ref": "#/$defs/name"}, {"type": "null"}]}
    defs = {"name": {"type": "string", "format": "email"}, "shared": shared, "name_secret": {"type": "null"}}
    properties = {"it": {"$ref": "#/$defs/shared", "writeOnly": True}, "open": {"$ref": "#/$defs/shared"}}

    read = for_clients({"properties": properties, "$defs": defs})

    assert read["properties"] == {
        "it": {"$ref": "#/$defs/shared_secret", "writeOnly": True},
        "open": {"$ref": "#/$defs/shared"},
    }
    assert {name: read["$defs"][name] for name in defs} == defs
    assert read["$defs"]["shared_secret"] == {
        "writeOnly": True,
        "anyOf": [{"$ref": "#/$defs/name_secret1", **MARKED}, {"type": "null", "writeOnly": True}],
    }
    assert read["$defs"]["name_secret1"] == MARKED | {"allOf": [{"format": "email"}]}


def test_a_recursive_definition_that_is_secret_in_one_place_comes_to_an_end() -> None:
    tree = {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "string"}]}}
    properties = {"it": {"$ref": "#/$defs/tree", "writeOnly": True}, "open": {"$ref": "#/$defs/tree"}}

    read = for_clients({"properties": properties, "$defs": {"tree": tree}})

    assert read["$defs"]["tree"] == tree
    assert read["$defs"]["tree_secret"]["items"]["anyOf"][0]["$ref"] == "#/$defs/tree_secret"
    assert read["$defs"]["tree_secret"]["items"]["anyOf"][1] == MARKED


def test_names_of_members_and_values_are_not_taken_for_keywords() -> None:
    declared = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("format", "writeOnly", "x-webnet-scope", "$ref")},
        "default": {"x-webnet-scope": "platform", "format": "password", "writeOnly": "true"},
        "examples": [{"x-unknown": {"writeOnly": True}}],
    }

    assert member(declared) == declared


def test_boolean_schemas_stay() -> None:
    declared = {"properties": {"a": True, "b": SECRET}, "additionalProperties": False, "items": False}

    assert member(declared) == declared | {"properties": {"a": True, "b": MARKED}}


def test_only_keywords_of_the_draft_are_served() -> None:
    declared = {"type": "string", "x-webnet-scope": "platform", "x-order": 1, "enumNames": ["a"], "title": "It"}

    assert member(declared) == {"type": "string", "title": "It"}


def test_what_a_reference_leads_to_stays_under_whatever_keyword() -> None:
    others = {"x-parts": {"key": SECRET | {"x-order": 1}, "list": [{"$ref": "#/x-parts/key"}]}}

    read = for_clients({"properties": {"it": {"$ref": "#/x-parts/key"}}, **others})

    assert read["x-parts"] == {"key": MARKED, "list": [{"$ref": "#/x-parts/key"}]}


def test_customers_read_the_same_without_what_only_the_platform_sets() -> None:
    schema = SettingsSchema(
        {
            "properties": {
                "it": SECRET,
                "ours": {"type": "string", "x-webnet-scope": "platform"},
                "more": {"additionalProperties": {"x-webnet-scope": "platform"}},
            }
        }
    )

    assert list(schema.for_clients(sees_platform_only=True)["properties"]) == ["it", "ours", "more"]
    assert schema.for_clients(sees_platform_only=False)["properties"] == {"it": MARKED, "more": {}}
    assert schema.platform_only_paths() == ("/ours", "/more/*")
