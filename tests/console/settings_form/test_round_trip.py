"""What a form sends back: nothing if nothing was typed, and one change if one thing was."""

from __future__ import annotations

import copy
import json

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.console.settings_form.browser_form import read_controls
from tests.console.settings_form.schemas import INTEGERS, NUMBERS, TEXTS, layers
from tests.databases import one_database_is_enough
from webnet.console.settings_form import names
from webnet.console.settings_form.form import SettingsForm
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.shapes import Kind
from webnet.plugins.schema.merge_patch import merge_patch
from webnet.plugins.schema.walk import pointer_get, split_pointer, walk_leaves
from webnet.values.json_text import is_same_json

pytestmark = [pytest.mark.unit, pytest.mark.slow, one_database_is_enough]
many = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def make_form(schema, own, below=None, **more):
    return SettingsForm(layer=Layer(schema=schema, settings=own, inherited=below or {}, **more), revision=1)


def send(form):
    """What a browser sends of it: it ends lines in its own way."""
    entries = {name.replace("\n", "\r\n"): text.replace("\r\n", "\n").replace("\r", "\n") for name, text in form.hidden}
    return names.read_sent({name: text.replace("\n", "\r\n") for name, text in entries.items()})


def set_at(document, path, value):
    """The document with the value there, through arrays, too."""
    changed = copy.deepcopy(document)
    place, (*steps, last) = changed, split_pointer(path)
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[int(last) if isinstance(place, list) else last] = value
    return changed


@many
@given(layers())
def test_a_form_that_is_sent_unchanged_changes_nothing(layer):
    form = make_form(*layer)

    sent = form.with_entries(send(form))

    assert sent.patch == {}
    assert not sent.is_broken
    assert sent.mistakes == ()


@many
@given(layers(), st.data())
def test_one_field_that_is_edited_makes_exactly_that_patch(layer, data):
    form = make_form(*layer)
    single = {Kind.TEXT: TEXTS, Kind.INTEGER: INTEGERS, Kind.NUMBER: NUMBERS}
    fields = [each for each in form.root.walk() if each.kind in single]
    if not fields:
        return
    field = data.draw(st.sampled_from(fields))
    value = data.draw(single[field.kind])
    if isinstance(value, str):
        value = names.unify_lines(value)
        if not value or value == names.unify_lines(field.text):
            return
    entries = send(form)
    entries.pop(names.EMPTY + field.name, None)
    entries[field.name] = value if isinstance(value, str) else json.dumps(value)

    patch = form.with_entries(entries).patch

    before = pointer_get(layer[1], field.path, None)
    if before is not None and is_same_json(before, value):
        assert patch == {}
        return
    merged = merge_patch(layer[1], patch)
    expected = set_at(layer[1], field.path, value)
    assert json.dumps(merged, sort_keys=True) == json.dumps(expected, sort_keys=True)
    (changed,) = [place for place, _ in walk_leaves(patch)]
    assert split_pointer(field.path)[: len(changed)] == changed


@settings(many, max_examples=100)
@given(layers())
def test_the_page_has_every_input_of_the_form_as_it_is(layer):
    form = make_form(*layer)

    page = render_to_string(form.root.template, {"field": form.root, "is_top": True, "address": "/"})

    sent = names.read_sent(read_controls(page))
    assert sent == names.read_sent(dict(form.hidden))
    assert form.with_entries(sent).patch == {}


@many
@given(layers())
def test_a_form_has_no_more_inputs_than_django_reads(layer):
    assert len(make_form(*layer).entries) < 1_000
