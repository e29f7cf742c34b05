"""However a schema and a document are made, validation ends soon; what would take longer is refused."""

from __future__ import annotations

from time import thread_time
from typing import Any

import pytest

from webnet.plugins.schema.settings_schema import TOO_COSTLY, SettingsSchema

# In seconds of the thread's own time. What these tests are about took minutes, or doubled with each character.
SOON = 4


def validate(schema: dict[str, Any], value: Any, **root: Any) -> list[str]:
    settings_schema = SettingsSchema({"properties": {"value": schema}, **root})
    started = thread_time()

    issues = settings_schema.validate({"value": value})

    assert thread_time() - started < SOON
    return [issue.message for issue in issues]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(.*a){20}$", r"^(\w+\s?)*$"])
def test_a_pattern_takes_linear_time(pattern: str) -> None:
    assert validate({"pattern": pattern}, "a" * 10_000 + "!") == [f"must match the pattern {pattern}"]


@pytest.mark.parametrize("keyword", ["additionalProperties", "unevaluatedProperties"])
def test_a_pattern_for_names_takes_linear_time(keyword: str) -> None:
    schema = {"patternProperties": {"^(a+)+$": {}}, keyword: False}

    assert validate(schema, {"a" * 30: 1}) == []
    assert validate(schema, {"a" * 30 + "!": 1}) != []


@pytest.mark.parametrize(
    ("pattern", "match", "other"),
    [
        ("^b$", "b", "b\n"),
        ("b", "abc", "ac"),
        (r"^\d$", "7", "\u0667"),
        (r"^\w+$", "a_1", "é"),
        (r"^\s+$", " \t\n\v\f\r\u00a0\u2003\u2028\ufeff", "_"),
        (r"^[\s,]+$", "\u00a0,", "_"),
        (r"^\S$", "é", "\u2003"),
        ("^.$", "😀", "\u2028"),
        (r"^\u00e9$", "é", "e"),
        (r"^\u{1F600}$", "😀", "e"),
        (r"^\ud83d\ude00$", "😀", "e"),
        (r"^\p{L}+$", "Ünïcode", "1"),
        ("^[[:a]+$", "[:a", "b"),
        (r"^[.\]]+$", ".]", "a"),
        (r"^a\/b\-c$", "a/b-c", "a"),
        ("^(?<year>[0-9]{4})$", "2030", "30"),
        (r"^[\p{L}0-9 ]{1,255}$", "Zoë 1", "_"),
    ],
)
def test_a_pattern_means_what_ecma_262_says(pattern: str, match: str, other: str) -> None:
    assert validate({"pattern": pattern}, match) == []
    assert validate({"pattern": pattern}, other) == [f"must match the pattern {pattern}"]


def test_a_pattern_of_a_client_is_looked_at_in_linear_time_and_little_memory() -> None:
    assert validate({"format": "regex"}, "(" * 10_000 + "a{1000}" * 10_000) == ["must be a regular expression"]


def test_a_large_pattern_and_a_long_text_are_refused_together() -> None:
    assert validate({"pattern": r"^[\p{L}0-9 ]{1,255}$"}, "x" * 100_000) == [TOO_COSTLY[0].message]


def test_unique_items_take_linear_time() -> None:
    items: list[Any] = [{"name": f"n{index}", "size": [index, {}]} for index in range(1_900)]

    assert validate({"uniqueItems": True}, items) == []
    assert validate({"uniqueItems": True}, [*items, {"size": [7.0, {}], "name": "n7"}]) == [
        "must not contain an item twice"
    ]


def test_items_that_only_python_takes_for_equal_are_unique() -> None:
    assert validate({"uniqueItems": True}, [1, True, 0, False, "1", None, [1], [True], {"a": 1}, {"a": True}]) == []


def test_alternatives_that_fail_at_the_bottom_come_to_an_end() -> None:
    inner = {"properties": {"a": {"$ref": "#/$defs/node"}}, "type": "object"}
    node = {"anyOf": [{**inner, "title": name} for name in "abcd"]}
    value: Any = 1
    for _ in range(12):
        value = {"a": value}

    assert validate({"$ref": "#/$defs/node"}, value, **{"$defs": {"node": node}}) == [TOO_COSTLY[0].message]


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"enum": list(range(1_000))}},
        {"items": {"properties": {f"p{index}": {} for index in range(1_000)}, "minProperties": 2}},
        {"items": {"anyOf": [{"const": index} for index in range(500)]}},
        {"anyOf": [{"type": "string", "title": str(index)} for index in range(1_000)]},
    ],
)
def test_a_large_schema_for_many_items_comes_to_an_end(schema: dict[str, Any]) -> None:
    assert len(validate(schema, [{"a": "x" * 20}] * 4_000)) in range(1, 101)


def test_many_members_that_refer_to_the_whole_are_looked_at_once() -> None:
    members = {f"n{index}": {"if": {"$ref": "#"}} for index in range(1_500)}
    schema = SettingsSchema({"properties": {**members, "host": {"x-webnet-scope": "platform"}}})
    started = thread_time()

    assert list(schema.schema_for_customers()["properties"]) == list(members)
    assert len(schema.find_platform_only(dict.fromkeys((*members, "host"), 1))) == 1_501
    assert thread_time() - started < SOON


def test_a_reference_that_leads_to_itself_below_a_property_comes_to_an_end() -> None:
    loop = {"$ref": "#/$defs/loop"}

    assert validate(loop, 1, **{"$defs": {"loop": {"$ref": "#/$defs/loop"}}}) == [TOO_COSTLY[0].message]


def test_the_draft_of_a_schema_does_not_lead_around_the_limits() -> None:
    draft = "https://json-schema.org/draft/2020-12/schema"
    schema = SettingsSchema({"$schema": draft, "properties": {"a": {"$ref": "#"}, "b": {"pattern": "^(a+)+$"}}})

    assert [issue.path for issue in schema.validate({"a": {"b": "a" * 40 + "!"}})] == ["/a/b"]


def test_so_many_issues_are_shown_and_no_more() -> None:
    schema = SettingsSchema({"properties": {f"name{index}": {} for index in range(300)}, "additionalProperties": False})
    started = thread_time()

    issues = schema.validate({f"nome{index}": 1 for index in range(5_000)})

    assert len(issues) == 100
    assert thread_time() - started < SOON
