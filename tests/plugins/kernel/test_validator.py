"""What JSON Schema says of numbers, of equality and of formats, exactly."""

from __future__ import annotations

from typing import Any

import pytest

from webnet.errors import PluginDefinitionError
from webnet.plugins.schema.settings_schema import SettingsSchema


def messages(schema: dict[str, Any], value: Any) -> list[str]:
    found = SettingsSchema({"properties": {"value": schema}}).validate({"value": value})
    assert {issue.path for issue in found} <= {"/value"}
    return [issue.message for issue in found]


@pytest.mark.parametrize(
    ("step", "value"),
    [
        *((0.01, value) for value in (19.99, 4.02, 0.07, 1.11, 33.33, 0, 7, -0.03, 1e308)),
        (0.1, 0.3),
        (1e-7, 0.0000003),
        (5e-324, 1.7976931348623157e308),
        (2.5, 7.5),
        (3, 9.0),
        (1e20, 3e20),
    ],
)
def test_a_fraction_is_a_multiple_by_its_digits(step: float, value: float) -> None:
    assert messages({"multipleOf": step}, value) == []


@pytest.mark.parametrize(
    ("step", "value"), [(0.01, 0.005), (0.01, 19.999), (0.1, 0.25), (3, 10), (1e20, 1e19), (0.3, 1e308)]
)
def test_what_is_no_multiple_by_its_digits_is_refused(step: float, value: float) -> None:
    assert messages({"multipleOf": step}, value) == [f"must be a multiple of {step}"]


def test_multiples_are_asked_of_numbers_only() -> None:
    assert messages({"multipleOf": 2}, True) == messages({"multipleOf": 2}, "3") == []


def test_a_default_of_cents_loads() -> None:
    schema = SettingsSchema({"properties": {"fee": {"multipleOf": 0.01, "default": 19.99}}})

    assert schema.defaults() == {"fee": 19.99}


@pytest.mark.parametrize("value", [2, 2.0, -0.0, -(2.0**63), 2**63 - 1])
def test_a_number_without_a_fraction_is_an_integer(value: float) -> None:
    assert messages({"type": "integer"}, value) == []


def test_an_integer_fits_into_64_bits() -> None:
    assert messages({"type": "integer"}, 1e20) == ["must be an integer that fits into 64 bits"]
    assert messages({"type": ["integer", "null"]}, 2.0**63) == ["must be an integer that fits into 64 bits"]
    assert messages({"type": "integer"}, 2**63) == ["must fit into 64 bits"]
    assert messages({"type": "integer"}, 2.5) == ["must be an integer"]
    assert messages({"type": "integer"}, True) == ["must be an integer"]
    assert messages({"type": "number"}, 1e20) == []


def test_a_plugin_reads_ints_where_its_schema_says_integer() -> None:
    number = {"type": "integer"}
    schema = SettingsSchema(
        {
            "properties": {
                "plain": number,
                "float": {"type": "number"},
                "any": {},
                "list": {"items": number},
                "pair": {"prefixItems": [number, {"type": "number"}]},
                "named": {"additionalProperties": {"$ref": "#/$defs/count"}},
                "either": {"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]},
            },
            "$defs": {"count": number},
        }
    )
    given = {
        "plain": 2.0,
        "float": 2.0,
        "any": 2.0,
        "list": [1.0, 2],
        "pair": [1.0, 2.0],
        "named": {"x": 3.0},
        "either": -0.0,
    }

    read = schema.with_integers(given)

    assert repr(read) == repr(
        {
            "plain": 2,
            "float": 2.0,
            "any": 2.0,
            "list": [1, 2],
            "pair": [1, 2.0],
            "named": {"x": 3},
            "either": 0,
        }
    )


EQUAL = [(1, 1.0), (0, -0.0), ([1, {"a": 2.0}], [1.0, {"a": 2}]), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
DIFFERENT = [(1, True), (0, False), ([1], [True]), ({"a": 0}, {"a": False}), (1, "1"), ([1, 2], [2, 1]), (None, 0)]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal_values_are_one(one: Any, other: Any) -> None:
    assert messages({"const": one}, other) == messages({"enum": ["x", one]}, other) == []
    assert messages({"uniqueItems": True}, [one, "x", other]) == ["must not contain an item twice"]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_values_are_two(one: Any, other: Any) -> None:
    assert messages({"const": one}, other) != []
    assert messages({"enum": ["x", one]}, other) != []
    assert messages({"uniqueItems": True}, [one, "x", other]) == []


def test_a_repetition_is_found_however_the_items_are_sorted() -> None:
    assert messages({"uniqueItems": True}, [[1], [True], [1]]) == ["must not contain an item twice"]


# Of each format that the documentation says is checked: texts that are in it, and texts that are not.
FORMATS: dict[str, tuple[list[str], list[str]]] = {
    "email": (
        ["ann@example.com", "root@localhost", "a@mail.intranet", '"a b"@c.de', "a@[127.0.0.1]", "te~st@example.com"],
        [
            "@",
            "a@",
            "@b",
            "ann",
            "a@b@c",
            "a..b@c.de",
            ".a@c.de",
            "a b@c.de",
            "a@-b.de",
            "ä@c.de",
            "a@b c",
            "a" * 65 + "@c.de",
        ],
    ),
    "idn-email": (["ä@ö.de", "실례@실례.테스트", "ann@example.com"], ["@", "2962", "a@b c", "a..ä@ö.de"]),
    "ipv4": (["192.168.0.1"], ["127.1", "256.0.0.1", "01.2.3.4", "1.2.3.4\n", "১.2.3.4"]),
    "ipv6": (["::1", "fe80::1:2"], ["::1/64", "1::1::1", "::1%eth0", "12345::"]),
    "date": (["2024-02-29"], ["2023-02-29", "20240229", "2024-W01-1", "2024-2-9", "২০২৪-02-29"]),
    "date-time": (
        ["2024-02-29T12:00:00.5+01:00", "2024-02-29t12:00:00z"],
        ["2024-02-29 12:00:00Z", "2024-02-29T12:00:00", "2024-02-29T25:00:00Z"],
    ),
    "time": (["12:00:00Z", "23:59:59.5-08:00"], ["12:00:00", "24:00:00Z", "8:30:06Z"]),
    "duration": (["PT15M", "P1Y2M3DT4H5M6S", "P3W"], ["P", "PT", "1D", "P1Y2W", "PT1D"]),
    "hostname": (["example.com", "a", "xn--4gbwdl.xn--wgbh1c"], ["-a.com", "a_b.com", "a..b", "", "ä.com", "a" * 64]),
    "idn-hostname": (["münchen.de", "실례.테스트"], ["a b", "〮한국", ""]),
    "uri": (["https://a/b?c#d", "urn:x:y", "mailto:a@b.de"], ["a", "//a/b", "http://a b", "http://ä", "http://[::1"]),
    "uri-reference": (["/a?b", "#c", "https://a"], ["a b", "\\\\a\\b", "#ä"]),
    "uri-template": (["/users/{id}", "/a"], ["/users/{id", "{"]),
    "uuid": (
        ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"],
        ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa73b441d16380"],
    ),
    "json-pointer": (["/a~1b/0", ""], ["a", "/~", "#/a"]),
    "relative-json-pointer": (["1/a", "0#", "2"], ["/a", "-1/a", "01/a"]),
    "regex": (["^a+$", "(a|b)"], ["(", "a**", "[b"]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_checked(name: str) -> None:
    valid, invalid = FORMATS[name]

    assert [text for text in valid if messages({"format": name}, text)] == []
    assert [text for text in invalid if not messages({"format": name}, text)] == []
    assert messages({"format": name}, 7) == []


def test_a_reference_may_be_percent_encoded() -> None:
    schema = SettingsSchema(
        {
            "properties": {"a": {"$ref": "#/$defs/one%20two"}, "b": {"$ref": "#/$defs/50%25~1h"}},
            "$defs": {"one two": {"type": "string", "default": "x"}, "50%/h": {"writeOnly": True}},
        }
    )

    assert schema.defaults() == {"a": "x"}
    assert schema.secret_paths() == ("/b",)
    assert [issue.path for issue in schema.validate({"a": 1})] == ["/a"]


def test_a_reference_that_leads_nowhere_is_refused_as_it_was_written() -> None:
    with pytest.raises(PluginDefinitionError, match=r"'#/\$defs/one%20two'"):
        SettingsSchema({"properties": {"a": {"$ref": "#/$defs/one%20two"}}})
