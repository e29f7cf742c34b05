"""Values as people read them, one by one and side by side."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from tests.console.settings_form.test_form import field, make_form
from tests.databases import one_database_is_enough
from webnet.console.settings_form.texts import MAXIMUM_SHOWN, show_apart, show_each

pytestmark = [pytest.mark.unit, one_database_is_enough]


def test_values_that_would_look_alike_are_shown_as_json():
    assert show_each([1, "1", "x"]) == ["1", '"1"', '"x"']
    assert show_each([True, "Yes"]) == ["true", '"Yes"']
    assert show_each([1, "x", ""]) == ["1", "x", "an empty text"]


def test_of_long_values_the_part_is_shown_in_which_they_differ():
    before = [{"host": f"host-{number}"} for number in range(40)]
    mine, theirs = [*before[:30], {"host": "mine"}], [*before[:20], {"host": "theirs"}, *before[21:]]

    shown = show_apart([before, mine, theirs])

    assert len(set(shown)) == 3 and max(map(len, shown)) <= MAXIMUM_SHOWN + 2
    assert "host-30" in shown[0] and '"mine"' in shown[1] and '"theirs"' in shown[2]
    assert show_apart(["a" * 300, "b"]) == ["a" * MAXIMUM_SHOWN + "…", "b"]


def test_options_that_would_look_alike_are_told_apart():
    form = make_form({"x": {"enum": [1, "1", True, "Yes"]}}, below={"x": "1"})

    labels = [each.label for each in field(form, "/x").options]

    assert labels == ['Inherited: "1"', "1", '"1"', "true", '"Yes"']


@pytest.mark.parametrize("more", [{}, {"maxLength": 900}])
def test_texts_of_a_field_have_the_direction_of_their_own_words(more):
    form = make_form(
        {"x": {"type": "string", "title": "عنوان (1)", "description": "وصف.", **more}}, below={"x": "قيمة"}
    )

    page = render_to_string(form.root.template, {"field": form.root, "is_top": True, "address": "/"})

    assert "<bdi>عنوان (1)</bdi>" in page and 'dir="auto">وصف.</p>' in page
    assert page.count('placeholder="قيمة" dir="auto"') + page.count('dir="auto" placeholder="قيمة"') == 1
