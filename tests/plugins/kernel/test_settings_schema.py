"""A plugin's settings schema: defaults, issues in plain words, secrets, and what is the platform's only."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from webnet.errors import PluginDefinitionError
from webnet.plugins.schema.definition_errors import DRAFT
from webnet.plugins.schema.settings_schema import SettingsSchema, prune_settings

SMTP = {
    "type": "object",
    "properties": {
        "host": {"type": "string"},
        "port": {"type": "integer", "default": 25},
        "password": {"writeOnly": True},
    },
}


def properties(**schemas: Any) -> SettingsSchema:
    return SettingsSchema({"type": "object", "properties": schemas, "additionalProperties": False})


def test_defaults_are_found_at_every_depth() -> None:
    schema = SettingsSchema(
        {
            "properties": {
                "greeting": {"default": "Hi"},
                "mail": {"$ref": "#/$defs/smtp"},
                "other": {"$ref": "#/$defs/smtp", "default": {"port": 587}},
                "list": {"type": "array", "default": [1], "items": {"default": 2}},
                "deep": {"allOf": [{"properties": {"a": {"properties": {"b": {"default": None}}}}}]},
                "none": {"type": "string"},
            },
            "$defs": {"smtp": SMTP},
        }
    )

    assert schema.defaults() == {
        "greeting": "Hi",
        "mail": {"port": 25},
        "other": {"port": 587},
        "list": [1],
        "deep": {"a": {"b": None}},
    }


def test_an_objects_own_default_goes_over_those_of_its_members() -> None:
    member = {"type": ["integer", "null"], "default": 1}

    schema = properties(a={"default": {"x": None}, "properties": {"x": member, "y": member}})

    assert schema.defaults() == {"a": {"x": None, "y": 1}}


def test_defaults_handed_out_are_nobody_elses() -> None:
    schema = properties(a={"default": {"b": [1]}})

    schema.defaults()["a"]["b"].append(2)

    assert schema.defaults() == {"a": {"b": [1]}}


def test_a_schema_that_contains_itself_has_defaults_and_secrets() -> None:
    node = {"properties": {"next": {"$ref": "#/$defs/node"}, "size": {"default": 1}, "key": {"writeOnly": True}}}
    schema = SettingsSchema({"$ref": "#/$defs/node", "$defs": {"node": node}})

    assert schema.defaults() == {"size": 1}
    assert schema.secret_paths()[:1] == ("/key",)
    assert schema.is_secret("/next/next/next/key")
    assert not schema.is_secret("/next/next/next/size")


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ({"type": "string"}, 17171, "must be a string"),
        ({"type": ["integer", "null"]}, "17171", "must be an integer or null"),
        ({"enum": ["a", 1, None]}, "17171", 'must be one of "a", 1, null'),
        ({"const": True}, "17171", "must be true"),
        ({"minLength": 9}, "17171", "must have at least 9 characters"),
        ({"maxLength": 1}, "17171", "must have at most 1 character"),
        ({"pattern": "^[a-z]+$"}, "17171", "must match the pattern ^[a-z]+$"),
        ({"format": "email"}, "17171", "must be an e-mail address"),
        ({"format": "ipv4"}, "17171", "must be an IPv4 address"),
        ({"format": "date"}, "17171", "must be a date such as 2030-12-31"),
        ({"format": "date-time"}, "2030-17171", "must be an instant such as 2030-12-31T23:59:59Z"),
        ({"format": "time"}, "17171", "must be a time such as 23:59:59Z"),
        ({"format": "duration"}, "17171", "must be a duration such as PT15M"),
        ({"format": "hostname"}, "17171_", "must be a host name"),
        ({"format": "idn-hostname"}, "17171 ", "must be a host name"),
        ({"format": "uri"}, "17171", "must be a full URL"),
        ({"format": "uri-reference"}, "17171 ^", "must be a URL"),
        ({"format": "uri-template"}, "17171{", "must be a template of a URL such as /users/{id}"),
        ({"format": "json-pointer"}, "17171", "must be a JSON Pointer such as /list/0"),
        ({"format": "relative-json-pointer"}, "a17171", "must be a relative JSON Pointer such as 1/list"),
        ({"format": "regex"}, "17171(", "must be a regular expression"),
        ({"format": "uuid"}, "17171", "must be a UUID"),
        ({"maximum": 5}, 17171, "must be 5 or less"),
        ({"minimum": 20000}, 17171, "must be 20000 or more"),
        ({"exclusiveMaximum": 17171}, 17171, "must be less than 17171"),
        ({"exclusiveMinimum": 17171}, 17171, "must be more than 17171"),
        ({"multipleOf": 2}, 17171, "must be a multiple of 2"),
        ({"minItems": 2}, [17171], "must have at least 2 items"),
        ({"maxItems": 1}, [17171, 1], "must have at most 1 item"),
        ({"uniqueItems": True}, [17171, 17171], "must not contain an item twice"),
        ({"contains": {"type": "string"}}, [17171], "lacks a required item, or has too many of them"),
        ({"minProperties": 1}, {}, "must have at least 1 member"),
        ({"maxProperties": 0}, {"17171": 1}, "must have at most 0 members"),
        ({"unevaluatedProperties": False}, {"17171": 1}, "has members that are not allowed here"),
        ({"not": {"type": "string"}}, "17171", "has a value that is not allowed here"),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, "17171", "must be null or true or false"),
        ({"oneOf": [{"maxLength": 1}, {"minLength": 9}]}, "17171", "does not match any of the alternatives"),
        ({"oneOf": [{"type": "null"}, {"minLength": 9}]}, "17171", "must have at least 9 characters"),
        (
            {"oneOf": [{"type": "string"}, {"minLength": 1}]},
            "17171",
            "matches more than one of the alternatives",
        ),
        (False, "17171", "is not allowed here"),
    ],
)
def test_an_issue_says_in_plain_words_what_is_asked_for(member: Any, value: Any, message: str) -> None:
    (issue,) = properties(a=member).validate({"a": value})

    assert issue.path == "/a"
    assert issue.message.startswith(message)
    if "17171" not in json.dumps(member):
        assert "17171" not in issue.message


def test_an_issue_of_a_name_is_at_its_member() -> None:
    labels = {"propertyNames": {"allOf": [{"pattern": "^[a-z]+$"}]}, "additionalProperties": {"maxLength": 1}}

    of_labels = properties(labels=labels).validate({"labels": {"Bad": "x", "good": "xx"}})
    of_setting = properties(propertyNames={"maxLength": 1}).validate({"propertyNames": "xx"})

    assert {issue.path: issue.message for issue in (*of_labels, *of_setting)} == {
        "/labels/Bad": "is not allowed as a name: it must match the pattern ^[a-z]+$",
        "/labels/good": "must have at most 1 character",
        "/propertyNames": "must have at most 1 character",
    }


KINDS = {
    "oneOf": [
        {"const": "off"},
        {"type": "object", "properties": {"kind": {"const": "basic"}, "user": {}}, "required": ["kind", "user"]},
        {"type": "object", "properties": {"kind": {"enum": ["key"]}, "key": {"pattern": "^k-"}}, "required": ["kind"]},
    ]
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "key", "key": "17171"}, [("/a/key", "must match the pattern ^k-")]),
        ({"kind": "basic"}, [("/a/user", "is required")]),
        ({"kind": "none"}, [("/a", "does not match any of the alternatives")]),
        ({}, [("/a", "does not match any of the alternatives")]),
        ("on", [("/a", "does not match any of the alternatives")]),
        ({"next": {"kind": "key", "key": ""}}, [("/a/next/key", "must match the pattern ^k-")]),
    ],
)
def test_an_issue_of_alternatives_is_about_the_one_that_is_meant(value: Any, expected: list[tuple[str, str]]) -> None:
    member = {"oneOf": [{"type": "null"}, {"properties": {"next": KINDS}, "required": ["next"]}]}
    schema = properties(a=member if isinstance(value, dict) and "next" in value else KINDS)

    issues = schema.validate({"a": value})

    assert [(issue.path, issue.message) for issue in issues] == expected


def test_what_is_required_is_told_at_its_own_path_once() -> None:
    schema = SettingsSchema({"properties": {"a": {"required": ["x", "y/z"]}}, "required": ["b"]})

    issues = schema.validate({"a": {}})

    assert [(issue.path, issue.message) for issue in issues] == [
        ("/a/x", "is required"),
        ("/a/y~1z", "is required"),
        ("/b", "is required"),
    ]


def test_what_another_value_makes_necessary_is_told() -> None:
    schema = SettingsSchema({"properties": {"user": {}}, "dependentRequired": {"user": ["password"], "x": ["y"]}})

    assert [issue.path for issue in schema.validate({"user": "ada"})] == ["/password"]


def test_an_unknown_name_is_told_with_the_nearest_known_one() -> None:
    (issue,) = properties(greeting={"type": "string"}).validate({"greting": "a secret thing"})

    assert (issue.path, issue.message) == ("/greting", "is unknown; did you mean 'greeting'?")


def test_names_that_a_pattern_allows_are_not_told() -> None:
    schema = SettingsSchema({"patternProperties": {"^x-": {}}, "additionalProperties": False})

    assert [issue.path for issue in schema.validate({"x-a": 1, "y": 1})] == ["/y"]


def test_every_issue_is_told_by_path() -> None:
    schema = properties(list={"items": {"type": "integer"}}, b={"type": "string"})

    issues = schema.validate({"list": [1, "x", 2, "y"], "b": 1, "z": 1})

    assert [issue.path for issue in issues] == ["/b", "/list/1", "/list/3", "/z"]


@pytest.mark.parametrize(
    "value", ["a\0b", "\ud800", float("inf"), float("nan"), 2**63, {"\0": 1}, ["a\0b"], {"deep": [{"x": "\0"}]}]
)
def test_what_no_database_could_keep_is_an_issue(value: Any) -> None:
    (issue,) = SettingsSchema({}).validate({"a": value})

    assert issue.path.startswith("/a")
    assert "\0" not in issue.message


def test_settings_that_fit_have_no_issue() -> None:
    assert SettingsSchema({"properties": {"smtp": SMTP}}).validate({"smtp": {"host": "h", "port": 25}, "more": 1}) == ()


def test_secrets_are_found_wherever_the_schema_hides_them() -> None:
    secret = {"type": "string", "writeOnly": True}
    schema = SettingsSchema(
        {
            "properties": {
                "direct": secret,
                "format": {"type": "string", "format": "password"},
                "ref": {"$ref": "#/$defs/smtp"},
                "one": {"oneOf": [{"type": "null"}, secret]},
                "any": {"anyOf": [{"properties": {"in": secret}}]},
                "named": {"additionalProperties": {"properties": {"token": secret}}},
                "x/y": secret,
                "open": {"type": "string"},
            },
            "patternProperties": {"^key_": secret},
            "allOf": [{"properties": {"all": secret}}],
            "if": {"required": ["direct"]},
            "then": {"properties": {"then": secret}},
            "$defs": {"smtp": SMTP},
        }
    )

    assert set(schema.secret_paths()) == {
        "/direct", "/format", "/ref/password", "/one", "/any/in", "/named/*/token", "/x~1y", "/*", "/all", "/then",
    }  # fmt: skip
    for pointer in (
        "/direct",
        "/ref/password",
        "/one",
        "/named/a~1b/token",
        "/x~1y",
        "/key_1",
        "/then",
        "/direct/part",
    ):
        assert schema.is_secret(pointer), pointer
    for pointer in ("", "/open", "/ref/port", "/named/a/other", "/other"):
        assert not schema.is_secret(pointer), pointer


def test_a_schema_does_not_show_its_values() -> None:
    assert repr(properties(greeting={"default": "hunter2"})) == "SettingsSchema(greeting)"


PLATFORM = SettingsSchema(
    {
        "properties": {
            "greeting": {"type": "string"},
            "quota": {"type": "integer", "x-webnet-scope": "platform"},
            "smtp": {
                "type": ["object", "string"],
                "properties": {"host": {"$ref": "#/$defs/host"}, "port": {"type": "integer"}},
                "required": ["host", "port"],
                "default": {"host": "mail", "port": 25},
            },
        },
        "required": ["quota", "greeting"],
        "$defs": {"host": {"type": "string", "x-webnet-scope": "platform"}},
    }
)


def test_what_is_the_platforms_only_is_known_by_pointer() -> None:
    pointers = ("/greeting", "/quota", "/smtp", "/smtp/host", "/smtp/port")

    assert [pointer for pointer in pointers if PLATFORM.platform_only(pointer)] == ["/quota", "/smtp/host"]


def test_a_customers_patch_may_not_touch_what_is_the_platforms_only() -> None:
    patch = {"greeting": "Hi", "quota": 5, "smtp": {"host": "mine", "port": 1}}

    assert [issue.path for issue in PLATFORM.find_platform_only(patch)] == ["/quota", "/smtp/host"]
    assert [issue.path for issue in PLATFORM.find_platform_only({"smtp": "off"})] == ["/smtp"]
    assert PLATFORM.find_platform_only({"smtp": {"port": 1}, "quota": None, "greeting": "Hi"}) == ()
    assert PLATFORM.find_platform_only({"smtp": {}}) == ()


def test_customers_see_neither_the_values_nor_the_schema_of_what_is_the_platforms_only() -> None:
    shown = prune_settings({"greeting": "Hi", "quota": 5, "smtp": {"host": "mail", "port": 25}}, PLATFORM.platform_only)
    schema = PLATFORM.schema_for_customers()

    assert shown == {"greeting": "Hi", "smtp": {"port": 25}}
    assert "quota" not in json.dumps(schema)
    assert "host" not in json.dumps(schema)
    assert schema["required"] == ["greeting"]
    assert "quota" in PLATFORM.schema["properties"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "must be a dict, not list"),
        (True, "must be a dict, not bool"),
        ({"type": "array"}, "must have the type 'object'"),
        ({"type": ["object", "null"]}, "must have the type 'object'"),
        ({"properties": {"a": {"type": "strin"}}}, "is not a valid JSON Schema"),
        ({"properties": {"a": {"pattern": "("}}}, "has the pattern '(', which RE2 does not take (missing ): (): use"),
        ({"properties": {"a": {"pattern": "(?=a)"}}}, "no look-around and no backreferences (at /properties/a)"),
        ({"properties": {"a": {"pattern": r"(a)\1"}}}, r"the pattern '(a)\1', which RE2 does not take"),
        ({"properties": {"a": {"patternProperties": {r"a\Z": {}}}}}, "has the pattern 'a"),
        ({"properties": {"a": {"pattern": r"\p{L}{1,1000}"}}}, "pattern too large"),
        ({"properties": {"a": {"$schema": DRAFT}}}, "has '$schema' in a subschema"),
        ({"properties": {"a": {"default": object()}}}, "JSON serializable (at /properties/a/default)"),
        ({"properties": {"a": {"default": float("nan")}}}, "must contain only JSON values"),
        ({"properties": {"a": {"enum": [1, {"b": object()}]}}}, "JSON serializable (at /properties/a/enum)"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "must be of draft 2020-12"),
        (
            {"properties": {"a": {"$ref": "https://example.org/a.json"}}},
            "external schemas are not fetched: copy it into '$defs'",
        ),
        ({"properties": {"a": {"$ref": "file:///etc/hostname"}}}, "schemas are not fetched"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "schemas are not fetched"),
        ({"$defs": {"unused": {"$ref": "https://example.org/"}}}, "schemas are not fetched"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "refers to '#/$defs/b', which does not exist"),
        ({"properties": {"a": {"$ref": "#b"}}}, "which does not exist"),
        ({"properties": {"a": {"$id": "https://example.org/", "$ref": "#"}}}, "has '$id' in a subschema"),
        ({"properties": {"a": {"$dynamicRef": "#b"}}}, "uses $dynamicRef"),
        ({"$ref": "#"}, "has an endless reference to itself"),
        ({"properties": {"a": {"x-webnet-scope": "world"}}}, "neither 'platform' nor 'customer' (at /properties/a)"),
        (
            {"properties": {"a": {"type": "integer", "default": "x"}}},
            "invalid default: it must be an integer",
        ),
        ({"properties": {"a": {"type": "integer", "default": 10**30}}}, "has a default beyond 64 bits: use a smaller"),
        ({"properties": {"a": {"type": "number", "default": -(2**63) - 1}}}, "for the type 'number' (at /a)"),
        ({"properties": {"a": {"default": {"b": [1, 2**63]}}}}, "has a default beyond 64 bits"),
        ({"default": {"a": 2**63}}, "(at /a)"),
        ({"properties": {"a": {"items": {"default": 2**63}}}}, "has a default beyond 64 bits"),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, {"default": 2**63}]}}}, "has a default beyond 64 bits"),
        ({"properties": {"a": {"writeOnly": True, "default": "x"}}}, "has a secret with a default"),
        ({"properties": {"a": {"properties": {"b": {"writeOnly": True}}, "default": {"b": "x"}}}}, "with a default"),
        ({"properties": {"a": {"writeOnly": True, "type": "object"}}}, "marks an object as secret: mark its secret"),
        ({"writeOnly": True}, "marks the whole settings"),
        ({"properties": {"a": {"items": {"writeOnly": True}}}}, "a secret in an array"),
        ({"properties": {"a": {"prefixItems": [{"format": "password"}]}}}, "a secret in an array"),
        (
            {"properties": {"a": {"anyOf": [{"items": {"$ref": "#/$defs/s"}}]}}, "$defs": {"s": SMTP}},
            "has a secret in an array",
        ),
        (
            {"properties": {"a": {"items": {"x-webnet-scope": "platform"}}}},
            "a platform-only value in an array",
        ),
    ],
)
def test_a_schema_that_is_not_sound_is_refused_with_the_place(schema: Any, words: str) -> None:
    with pytest.raises(PluginDefinitionError) as told:
        SettingsSchema(schema)

    assert words in told.value.message


@pytest.mark.parametrize("default", [2**63 - 1, -(2**63), 1e30, True])
def test_a_default_that_can_be_stored_is_fine(default: Any) -> None:
    assert properties(a={"default": default}).validate({"a": default}) == ()


def test_a_secret_that_is_an_array_as_a_whole_is_fine() -> None:
    assert properties(codes={"type": "array", "writeOnly": True}).secret_paths() == ("/codes",)


def test_tuples_are_arrays() -> None:
    assert properties(a={"enum": ("x", "y")}).validate({"a": "x"}) == ()


@pytest.mark.slow
def test_a_schema_with_references_without_number_is_refused_at_once() -> None:
    levels = {
        f"d{index}": {"properties": {"l": {"$ref": f"#/$defs/d{index + 1}"}, "r": {"$ref": f"#/$defs/d{index + 1}"}}}
        for index in range(40)
    }

    with pytest.raises(PluginDefinitionError, match="too many nested properties"):
        SettingsSchema({"$ref": "#/$defs/d0", "$defs": levels | {"d40": {}}})


def test_validating_never_opens_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a connection was opened"))

    assert SettingsSchema({"$schema": "https://json-schema.org/draft/2020-12/schema"}).validate({"a": 1}) == ()
