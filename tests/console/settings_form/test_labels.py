"""What settings are called on pages that show no field for them: reviews, conflicts, and the history."""

from __future__ import annotations

import pytest

from tests.console.settings_plugin import SCHEMA
from webnet.console.settings_form.labels import BETWEEN, find_label
from webnet.console.settings_form.shapes import Shapes


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("/word", "Word"),
        ("/sign_in/user", "Sign-in > User"),
        ("/tokens/a~1b", "Tokens > a/b"),
        ("/servers/1/port", "Servers > 2 > Port"),
        ("/anything/some_part", "Anything > some_part"),
        ("/gone", "/gone"),
        ("/word/gone", "/word/gone"),
    ],
)
def test_a_setting_is_called_by_the_titles_around_it_or_its_pointer(path, labels):
    assert find_label(Shapes(SCHEMA), path) == labels.replace(" > ", BETWEEN)


def test_without_a_schema_it_is_its_pointer():
    assert find_label(None, "/word") == "/word"
