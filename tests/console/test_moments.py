"""Moments are written in the reader's time zone, with UTC as the title; enum values as words of their language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.template import Engine, RequestContext
from django.test import RequestFactory
from django.utils import translation
from graphql import GraphQLEnumType, build_schema

from tests.servers import ROOT
from webnet.console.words import WORDS, find_word

MOMENT = datetime(2026, 11, 28, 9, 5, 7, 123, tzinfo=UTC)
IN_UTC = '<time datetime="2026-11-28T09:05:07.000123Z" title="2026-11-28 09:05:07 UTC">28 Nov 2026, 09:05</time>'
# Of arguments that no page shows.
NOT_SHOWN = (
    "ProblemKind",
    "OrderDirection",
    "CustomerOrderField",
    "PluginOrderField",
    "UserOrderField",
    "__TypeKind",
    "__DirectiveLocation",
    "TypeKind",
)


def render(source: str, *, cookies: dict[str, str] | None = None, **values: object) -> str:
    request = RequestFactory().get("/")
    request.COOKIES.update(cookies or {})
    # Without the context processors of pages, which need what middleware adds to a request.
    engine = Engine(libraries={"webnet_console": "webnet.console.templatetags.webnet_console"})
    template = engine.from_string("{% load webnet_console %}" + source)
    return template.render(RequestContext(request, values))


@pytest.mark.parametrize(
    "value",
    [
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30))),
        "2026-11-28T09:05:07.000123Z",
        "2026-11-28T10:05:07.000123+01:00",
    ],
)
def test_a_moment_is_a_time_element_in_utc_unless_a_zone_is_known(value: object) -> None:
    assert render("{% moment value %}", value=value) == IN_UTC


@pytest.mark.parametrize("value", [None, ""])
def test_no_moment_is_nothing(value: object) -> None:
    assert render("{% moment value %}", value=value) == ""


@pytest.mark.parametrize(
    ("cookies", "shown"),
    [
        ({"webnet_timezone": "Europe/Berlin"}, "28 Nov 2026, 10:05"),
        ({"webnet_timezone": "Asia%2FKolkata"}, "28 Nov 2026, 14:35"),
        ({"webnet_timezone": "Pacific/Kiritimati"}, "28 Nov 2026, 23:05"),
        ({"webnet_timezone": "Europe/Berlin", "webnet_chosen_timezone": "America/New_York"}, "28 Nov 2026, 04:05"),
        ({"webnet_timezone": "Europe/Berlin", "webnet_chosen_timezone": "Mars/Olympus"}, "28 Nov 2026, 10:05"),
    ],
)
def test_the_zone_is_the_one_chosen_or_that_of_the_browser(cookies: dict[str, str], shown: str) -> None:
    element = render("{% moment value %}", value=MOMENT, cookies=cookies)

    assert element.endswith(f">{shown}</time>")
    assert 'title="2026-11-28 09:05:07 UTC"' in element


@pytest.mark.parametrize(
    ("value", "zone"), [("9999-12-31T23:59:59Z", "Europe/Berlin"), ("0001-01-01T00:00:00Z", "America/New_York")]
)
def test_a_moment_that_is_in_no_year_of_the_zone_is_written_in_utc(value: str, zone: str) -> None:
    """Such as the end of a token that somebody made to last for ever."""
    element = render("{% moment value %}", value=value, cookies={"webnet_timezone": zone})

    shown = "31 Dec 9999, 23:59" if value.startswith("9") else "1 Jan 1, 00:00"
    assert f">{shown}</time>" in element.replace(">1 Jan 0001", ">1 Jan 1")


@pytest.mark.parametrize(
    "sent",
    ["../../etc/passwd", "/etc/passwd", "Europe", "x" * 10_000, "Europe/Berlin\0", "<script>", "%00", "europe/berlin"],
)
def test_what_names_no_zone_counts_as_none(sent: str) -> None:
    assert render("{% moment value %}", value=MOMENT, cookies={"webnet_timezone": sent}) == IN_UTC


def test_a_moment_is_written_as_the_language_does() -> None:
    with translation.override("de"):
        element = render("{% moment value %}", value=MOMENT, cookies={"webnet_timezone": "Europe/Berlin"})

    assert element.endswith(">28.11.2026, 10:05</time>")


def test_an_included_part_knows_the_zone_too() -> None:
    part = Engine(libraries={"webnet_console": "webnet.console.templatetags.webnet_console"}).from_string(
        "{% load webnet_console %}{% moment value %}"
    )

    element = render(
        "{% include part with value=value only %}",
        value=MOMENT,
        part=part,
        cookies={"webnet_timezone": "Europe/Berlin"},
    )

    assert ">28 Nov 2026, 10:05<" in element


def test_each_enum_value_that_pages_show_has_a_word() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    enums = [each for each in schema.type_map.values() if isinstance(each, GraphQLEnumType)]
    shown = {value for each in enums if each.name not in NOT_SHOWN for value in each.values}

    assert shown - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("language", "value", "shown"),
    [("en", "NEEDS_MIGRATION", "needs migration"), ("de", "paused", "pausiert"), ("de", "NEW_VALUE", "new value")],
)
def test_a_value_is_a_word_in_the_readers_language(language: str, value: str, shown: str) -> None:
    with translation.override(language):
        assert find_word(value) == shown
        assert render("{{ value|word }}", value=value) == shown
        assert render("{{ value|word }}", value=None) == ""
