"""What a form shows of each kind of setting, what it reads, and the patch that it makes."""

from __future__ import annotations

import pytest

from tests.databases import one_database_is_enough
from webnet.console.settings_form import names
from webnet.console.settings_form.buttons import UnusableButton
from webnet.console.settings_form.form import Base, SettingsForm, UnreadableForm
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.patches import compare, make_patch, take_from
from webnet.console.settings_form.shapes import Kind
from webnet.console.settings_form.texts import Unreadable, read_integer, read_json, read_number
from webnet.plugins.schema.merge_patch import merge_patch

pytestmark = [pytest.mark.unit, one_database_is_enough]


def make_form(properties, own=None, below=None, **more):
    schema = {"type": "object", "properties": properties, **more.pop("schema", {})}
    return SettingsForm(layer=Layer(schema=schema, settings=own or {}, inherited=below or {}, **more), revision=4)


def type_in(form, **texts):
    return form.with_entries({**form.entries, **texts})


def field(form, path):
    return next(each for each in form.root.walk() if each.path == path)


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, Kind.TEXT),
        ({"type": ["string", "null"]}, Kind.TEXT),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, Kind.INTEGER),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, Kind.INTEGER),
        ({"minimum": 1}, Kind.NUMBER),
        ({"format": "email"}, Kind.TEXT),
        ({"type": "boolean"}, Kind.OPTIONS),
        ({"enum": ["a", 1, None]}, Kind.OPTIONS),
        ({"const": "a"}, Kind.OPTIONS),
        ({"oneOf": [{"const": 1, "title": "One"}, {"const": 2}]}, Kind.OPTIONS),
        ({"type": "string", "writeOnly": True}, Kind.SECRET),
        ({"type": "array", "items": {"type": "string"}}, Kind.ARRAY),
        ({"type": "array", "prefixItems": [{}]}, Kind.JSON),
        ({"type": "object", "properties": {"a": {}}}, Kind.OBJECT),
        ({"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]}, Kind.OBJECT),
        ({"type": "object", "additionalProperties": {"type": "string"}}, Kind.OBJECT),
        ({"type": "object"}, Kind.JSON),
        ({"type": "object", "properties": {"a\nb": {}}}, Kind.JSON),
        ({"type": ["integer", "string"]}, Kind.CHOICE),
        ({"oneOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}}]}, Kind.CHOICE),
        ({"oneOf": [{"type": "string"}], "anyOf": [{"type": "string"}, {"enum": [1]}]}, Kind.JSON),
        ({"enum": list(range(1_000))}, Kind.JSON),
        ({}, Kind.JSON),
        (True, Kind.JSON),
        ({"$ref": "#/$defs/port"}, Kind.INTEGER),
    ],
)
def test_the_kind_of_a_field_comes_from_its_schema(schema, kind):
    form = make_form({"x": schema}, schema={"$defs": {"port": {"type": "integer"}}})

    assert field(form, "/x").kind is kind


@pytest.mark.parametrize(
    ("text", "value"),
    [("42", 42), (" -7 ", -7), ("+5", 5), ("9" * 30, int("9" * 30)), ("007", 7)],
)
def test_integers_are_exact(text, value):
    assert read_integer(text) == value


@pytest.mark.parametrize("text", ["1.0", "1e3", "x", "1,5", "٣", "1" * 401, "--1", "0x10"])
def test_what_is_no_integer_is_refused(text):
    with pytest.raises(Unreadable):
        read_integer(text)


@pytest.mark.parametrize(("text", "value"), [("0.1", 0.1), (".5", 0.5), ("1e3", 1000.0), ("2", 2), ("1.10", 1.1)])
def test_numbers_are_what_was_typed(text, value):
    assert (read_number(text), type(read_number(text))) == (value, type(value))


@pytest.mark.parametrize("text", ["0.1234567890123456789", "1e999", "nan", "inf", "1,5", "1e", "9007199254740993.0"])
def test_a_number_that_would_be_rounded_is_refused(text):
    with pytest.raises(Unreadable):
        read_number(text)


@pytest.mark.parametrize(
    "text",
    [
        *("{", "NaN", '{"a": 1, "a": 2}', "[" * 100_000, "1" * 5_000, "0.1234567890123456789"),
        *('"\\ud800"', '{"\\u0000": 1}', "[" * 200 + "]" * 200),
    ],
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Unreadable):
        read_json(text)


def test_an_empty_input_is_inherited_and_an_empty_text_is_set_on_purpose():
    form = make_form({"x": {"type": "string"}}, own={"x": "a"}, below={"x": "below"})

    assert type_in(form, **{"/x": ""}).patch == {"x": None}
    assert type_in(form, **{"/x": "", "empty:/x": "on"}).patch == {"x": ""}
    assert field(form, "/x").inherited == "below"


def test_a_boolean_has_three_states():
    form = make_form({"x": {"type": "boolean"}}, below={"x": True})

    labels = [option.label for option in field(form, "/x").options]

    assert labels == ["Inherited: Yes", "Yes", "No"]
    assert type_in(form, **{"/x": "false"}).patch == {"x": False}
    assert type_in(make_form({"x": {"type": "boolean"}}, own={"x": True}), **{"/x": ""}).patch == {"x": None}


def test_what_is_stored_and_not_allowed_any_more_is_shown_and_kept():
    form = make_form({"x": {"enum": ["a"]}, "n": {"type": "integer"}}, own={"x": "old", "n": "many"})

    assert [each.label for each in field(form, "/x").options if each.is_selected] == ['"old" (not allowed)']
    assert (field(form, "/n").kind, field(form, "/n").text) == (Kind.JSON, '"many"')
    assert type_in(form, **{"/x": '"a"'}).patch == {"x": "a"}


def test_an_array_is_set_whole_and_its_items_may_be_null():
    items = {"type": ["integer", "null"]}
    form = make_form({"x": {"type": "array", "items": items}}, own={"x": [1, None, 3]})

    assert form.patch == {}
    assert form.press("remove:/x/1").patch == {"x": [1, 3]}
    assert type_in(form, **{"/x/0": "5"}).patch == {"x": [5, None, 3]}


def test_an_inherited_array_is_copied_before_it_is_changed():
    form = make_form({"x": {"type": "array", "items": {"type": "string"}}}, below={"x": ["a", "b"]})

    copied = form.press("override:/x")

    assert type_in(copied, **{"/x/1": "c"}).patch == {"x": ["a", "c"]}
    assert copied.press("reset:/x").patch == {}


def test_a_new_item_begins_with_its_defaults():
    item = {"type": "object", "properties": {"port": {"type": "integer", "default": 80}}}
    form = make_form({"x": {"type": "array", "items": item}})

    assert form.press("add:/x").patch == {"x": [{"port": 80}]}


def test_a_recursive_schema_opens_one_level_at_a_time():
    node = {"type": "object", "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}}
    form = make_form({"x": {"$ref": "#/$defs/node"}}, schema={"$defs": {"node": node}})

    assert field(form, "/x/next").is_collapsed
    deeper = form.press("add:/x/next")

    assert field(deeper, "/x/next/next").is_collapsed
    assert type_in(deeper, **{"/x/next/value": "v"}).patch == {"x": {"next": {"value": "v"}}}


def test_a_choice_shows_the_branch_of_what_is_inherited():
    branches = [
        {
            "title": n,
            "type": "object",
            "properties": {"kind": {"const": n}, n: {"type": "string"}},
            "required": ["kind"],
        }
        for n in ("one", "two")
    ]
    form = make_form({"x": {"oneOf": branches}}, below={"x": {"kind": "two", "two": "v"}})

    assert field(form, "/x/two").inherited == "v"
    assert type_in(form, **{"/x/two": "w"}).patch == {"x": {"two": "w"}}
    switched = type_in(form, **{"choice:/x": "0"}).switched()
    assert switched.patch == {"x": {"kind": "one"}}


def test_a_row_needs_a_name_of_its_own():
    form = make_form({"x": {"type": "object", "additionalProperties": {"type": "string"}}}, own={"x": {"a": "1"}})
    added = form.press("add:/x")

    assert field(added, "/x/").label == "New value"
    for name in ("", "a", "n" * 201):
        assert type_in(added, **{"name:/x/~+1": name, "/x/~+1": "v"}).is_broken
    assert type_in(added, **{"name:/x/~+1": "b", "/x/~+1": "v"}).patch == {"x": {"b": "v"}}
    assert added.with_entries(added.entries).patch == {}


def test_members_that_the_schema_does_not_name_are_rows():
    form = make_form({"x": {"type": "string"}}, own={"other": [1, {"a": None}]})

    assert (field(form, "/other").kind, field(form, "/other").row_name) == (Kind.JSON, "other")
    assert form.press("remove:/~+0").patch == {"other": None}


def test_a_secret_is_typed_replaced_kept_and_removed():
    secret = {"type": "string", "writeOnly": True}
    form = make_form(
        {"x": secret, "m": {"type": "object", "additionalProperties": secret}}, secrets={"/x": "t", "/m/a": "t"}
    )

    assert form.patch == {}
    assert type_in(form, **{"secret:/x": "new"}).patch == {"x": "new"}
    assert type_in(form, **{"remove:/x": "on"}).patch == {"x": None}
    assert form.press("remove:/m/~+0").patch == {"m": {"a": None}}
    typed = type_in(form, **{"secret:/x": "new"})
    assert typed.entries["secret:/x"] == "" and field(typed, "/x").secret.sealed == "new"
    assert typed.press("discard:/x").patch == {}


def test_a_map_is_shown_beside_a_secret_whose_place_is_longer():
    members = {"labels": {"type": "object", "additionalProperties": {"type": "string"}}}

    form = make_form(members, secrets={"/sign_in/password": "t"})

    assert form.patch == {}


SECRET = {"type": "string", "writeOnly": True}
HOLDER = {"type": "object", "properties": {"key": SECRET}}
BOTH = {"anyOf": [{"type": "object"}], "oneOf": [{"type": "object"}]}


@pytest.mark.parametrize(
    "schema",
    [
        {**HOLDER, **BOTH},
        {**BOTH, "anyOf": [HOLDER, {"type": "object"}]},
        {**BOTH, "$ref": "#/$defs/holder"},
        {**BOTH, "type": "object", "properties": {"inner": {"$ref": "#/$defs/again"}}},
        {"type": "object", "properties": {"a\nb": SECRET}},
    ],
)
def test_json_that_may_have_a_secret_is_named_so_and_typed_again_if_it_was_not_kept(schema):
    definitions = {"holder": HOLDER, "again": {"properties": {"more": {"$ref": "#/$defs/again"}, "its": HOLDER}}}
    form = make_form({"part": schema, "other": {}}, own={"part": {"host": "h"}}, schema={"$defs": definitions})

    lost = type_in(form, **names.mark_lost(["secret-json:/part", "secret:/pin", "json:/other"]))

    assert form.entries == {"object:": "1", "secret-json:/part": '{\n  "host": "h"\n}', "json:/other": ""}
    assert names.mark_lost(["secret:/pin"]) == {"sealed:/pin": "-"}
    assert field(lost, "/part").errors == ("was not kept, since it may have a secret: type it again",)
    assert field(lost, "/part").text == form.entries["secret-json:/part"]
    assert lost.is_broken and not field(lost, "/other").errors
    assert form.secret_paths == ("/part",)


def test_a_part_of_several_patterns_may_have_the_secret_of_one():
    patterns = {"^a": {"type": "string"}, "^b": HOLDER}
    form = make_form({"part": {"type": "object", "patternProperties": patterns}}, own={"part": {"b": {"c": 1}}})

    assert "secret-json:/part/~+0" in form.entries


def test_json_that_would_remove_a_value_is_refused():
    form = make_form({"x": {}})

    assert type_in(form, **{"json:/x": '{"a": {"b": null}}'}).is_broken
    assert type_in(form, **{"json:/x": '[{"a": null}]'}).patch == {"x": [{"a": None}]}


def test_what_no_database_stores_is_refused_at_its_field():
    form = make_form(
        {
            "x": {"type": "string"},
            "s": {"type": "string", "writeOnly": True},
            "m": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        own={"m": {}},
    ).press("add:/m")

    found = type_in(form, **{"/x": "a\0", "secret:/s": "b\0", "name:/m/~+0": "c\0", "/m/~+0": "d"})

    assert found.is_broken and found.secrets == {}
    assert [each.message for each in found.mistakes] == ["has a character that can't be stored"] * 3


def test_locked_settings_are_shown_and_never_changed():
    form = make_form(
        {"x": {"type": "integer"}, "o": {"type": "object", "properties": {"y": {}}}}, locked=("/x", "/o/*")
    )

    changed = type_in(form, **{"/x": "5", "json:/o/y": "5"})

    assert field(form, "/x").is_locked and field(form, "/o/y").is_locked
    assert changed.patch == {}


def test_issues_are_shown_at_their_fields_and_in_the_summary():
    form = make_form({"x": {"type": "array", "items": {"type": "string"}}}, own={"x": ["a"]}, below={})

    found = form.with_issues([("/x/0", "is bad"), ("/x/9/deep", "is lost"), ("", "is odd"), ("/gone", "is unknown")])

    assert field(found, "/x/0").errors == ("is bad",)
    ids = {each.id for each in found.root.walk()}
    assert {mistake.message for mistake in found.mistakes} == {"is bad", "is lost", "is odd", "is unknown"}
    assert {mistake.id for mistake in found.mistakes} <= ids


def test_the_kinds_of_one_place_are_called_after_their_types():
    form = make_form({"x": {"type": ["integer", "boolean"]}})

    assert [option.label for option in field(form, "/x").options] == ["Not set", "Whole number", "Yes or no"]


@pytest.mark.parametrize("typed", ['["a", "b"]', '["a", "c"]'])
def test_what_is_wrong_within_json_is_shown_at_its_field(typed):
    form = make_form({"pair": {"type": "array", "prefixItems": [{}, {"type": "integer"}]}}, own={"pair": ["a", "b"]})

    found = type_in(form, **{"json:/pair": typed}).with_issues([("/pair/1", "must be an integer")])

    assert field(found, "/pair").errors == ("/1 must be an integer",)
    assert [(each.label, each.message) for each in found.mistakes] == [("Pair", "/1 must be an integer")]


@pytest.mark.parametrize(
    "button", ["", "add", "add:/none", "remove:/x", "override:/x", "remove:", "jump:/x", "add:/x/~+0", "reset:/\0"]
)
def test_a_button_that_is_not_there_is_refused(button):
    with pytest.raises(UnusableButton):
        make_form({"x": {"type": "string"}}).press(button)


def test_a_form_that_is_full_takes_no_more_rows():
    form = make_form({"x": {"type": "array", "items": {"type": "string"}}}, own={"x": ["a"] * 390})
    many = form.with_entries({**form.entries, **{f"/y/{n}": "" for n in range(800)}})

    with pytest.raises(UnusableButton):
        many.press("add:/x")


def test_the_base_of_a_form_is_read_as_it_was_written():
    base = make_form({"x": {"type": "number"}}, own={"x": 1.0}, secrets={"/s": "t"}).base

    assert Base.read(base.write()) == base
    for text in ("", "[]", '{"revision": "1", "settings": {}, "secrets": {}}', "[" * 100_000):
        with pytest.raises(UnreadableForm):
            Base.read(text)


def test_a_patch_leads_from_one_version_to_the_other():
    before = {"a": {"b": 1, "c": [1]}, "d": 1, "e": {"f": 1}}
    after = {"a": {"b": 1.0, "c": [1, None]}, "e": {}, "g": {"h": {}}}

    patch = make_patch(before, after)

    assert patch == {"a": {"b": 1.0, "c": [1, None]}, "d": None, "e": {"f": None}, "g": {"h": {}}}
    assert merge_patch(before, patch) == after


def test_three_versions_are_compared_setting_by_setting():
    before, mine, theirs = {"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 1, "c": 3}, {"a": 2, "b": 5, "c": 4, "d": {"e": 1}}

    found = compare(before, mine, theirs)

    assert [(each.path, each.is_mine, each.is_theirs, each.is_contested) for each in found] == [
        ("/a", True, True, False),
        ("/b", False, True, False),
        ("/c", True, True, True),
        ("/d/e", False, True, False),
    ]
    assert take_from(mine, theirs, frozenset({"/c"})) == {"a": 2, "b": 5, "c": 3, "d": {"e": 1}}
    assert take_from({}, theirs, frozenset({"/d/e", "/a"})) == {"b": 5, "c": 4, "d": {}}
