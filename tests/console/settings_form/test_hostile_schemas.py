"""Schemas that are deep, huge, recursive or oddly named: the form stays small, quick and whole."""

from __future__ import annotations

import time

import pytest
from django.template.loader import render_to_string

from tests.databases import one_database_is_enough
from webnet.console.settings_form.form import SettingsForm
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.shapes import Kind
from webnet.console.settings_form.tree import MAXIMUM_FIELDS

pytestmark = [pytest.mark.unit, pytest.mark.slow, one_database_is_enough]

ODD = ["a/b", "m~n", "x.y", "l[0]", "", " ", "\u202e", "<script>", '"', "'", "~+0", "~0", "empty:/x", "{{ x }}", "😀"]


def nested(levels):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"in": schema}}
    return schema


def branching(levels):
    """Each of them refers twice to the next one."""
    definitions = {
        f"d{n}": {"oneOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}]}]}
        for n in range(levels)
    }
    return {"$ref": "#/$defs/d0"}, {**definitions, f"d{levels}": {"type": "string"}}


REFERRING = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(60)} | {"a60": {"type": "string"}}
ENDLESS = {"e": {"anyOf": [{"$ref": "#/$defs/e"}, {"$ref": "#/$defs/f"}]}, "f": {"anyOf": [{"$ref": "#/$defs/e"}]}}
TREE = {"t": {"type": "object", "additionalProperties": {"$ref": "#/$defs/t"}, "properties": {"v": {}}}}
CHOICE = {
    "oneOf": [{"type": "object", "properties": {f"m{n}": {"type": "string"} for n in range(5)}}, {"type": "string"}]
}
SCHEMAS = {
    "deep": (nested(70), {}),
    "wide": ({"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5_000)}}, {}),
    "branching": branching(30),
    "referring": ({"$ref": "#/$defs/a0"}, REFERRING),
    "endless": ({"$ref": "#/$defs/e"}, ENDLESS),
    "tree": ({"$ref": "#/$defs/t"}, TREE),
    "many branches": ({"oneOf": [{"type": "object", "properties": {f"b{n}": {}}} for n in range(500)]}, {}),
    "many choices": ({"type": "object", "properties": {f"c{n}": CHOICE for n in range(700)}}, {}),
    "odd": ({"type": "object", "properties": {name: {"type": "string", "title": name} for name in ODD}}, {}),
}


def make_form(name, own=None):
    part, definitions = SCHEMAS[name]
    schema = {"type": "object", "properties": {"x": part}, "$defs": definitions}
    return SettingsForm(layer=Layer(schema=schema, settings=own or {}), revision=0)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hostile_schema_makes_a_small_form_quickly(name):
    began = time.thread_time()
    form = make_form(name)

    assert time.thread_time() - began < 2
    assert len(form.entries) < 1_000
    assert form.with_entries(form.entries).patch == {}


def test_a_form_that_values_make_larger_than_it_may_be_is_json_where_it_is_too_large():
    part, _ = SCHEMAS["many choices"]
    own = {"x": {f"c{n}": {"m0": "v"} for n in range(300)}, "y": "v"}
    schema = {"type": "object", "properties": {"x": part, "y": {"type": "string"}}}

    form = SettingsForm(layer=Layer(schema=schema, settings=own), revision=0)

    assert [each.kind for each in form.root.fields] == [Kind.JSON, Kind.TEXT]
    assert len(form.entries) < 1_000
    assert form.patch == {}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hostile_schema_is_rendered(name):
    form = make_form(name)

    page = render_to_string(form.root.template, {"field": form.root, "is_top": True, "address": "/"})

    assert "<script>" not in page
    for each in form.root.walk():
        assert page.count(f'id="{each.id}"') <= 1


def test_odd_names_are_names_of_inputs():
    form = make_form("odd", {"x": dict.fromkeys(ODD, "v")})

    changed = form.with_entries({name: "w" if text == "v" else text for name, text in form.entries.items()})

    assert changed.patch == {"x": dict.fromkeys(ODD, "w")}
    assert len({each.id for each in form.root.walk()}) == len(list(form.root.walk()))


def test_a_long_list_and_a_deep_value_are_edited_as_json():
    long = SettingsForm(
        layer=Layer(
            schema={"type": "object", "properties": {"x": {"type": "array", "items": {"type": "integer"}}}},
            settings={"x": list(range(5_000))},
        ),
        revision=0,
    )
    tree: dict = {}
    for _ in range(30):
        tree = {"k": tree}
    deep = make_form("tree", {"x": tree})

    assert long.root.fields[0].kind is Kind.JSON
    assert Kind.JSON in {each.kind for each in deep.root.walk()}
    assert long.patch == deep.patch == {}


def test_counts_of_rows_that_are_sent_are_bounded():
    form = make_form("tree")

    for count in ("9" * 5, "9" * 500, "-1", "x", "٣"):
        began = time.thread_time()
        form.with_entries({**form.entries, "count:/x": count})
        assert time.thread_time() - began < 2


def test_counts_within_counts_make_no_more_fields_than_a_form_has():
    form = make_form("tree")
    counts = {f"count:/x/~+{number}": "1000" for number in range(900)}
    marks = {f"object:/x/~+{number}": "1" for number in range(900)}

    began = time.thread_time()
    large = form.with_entries({**form.entries, **marks, **counts, "count:/x": "1000"})

    assert time.thread_time() - began < 3
    assert sum(each.kind is not Kind.JSON for each in large.root.walk()) <= MAXIMUM_FIELDS
