"""A plugin whose every text is lazily translated: each viewer's language where it is shown, one where it is stored."""

from __future__ import annotations

import pytest

PHRASES = "{ phrase { text words } }"
GERMAN = {"text": "Dienstag", "words": {"Mai": ["Juni", ["Juli"]]}}
ENGLISH = {"text": "Tuesday", "words": {"May": ["June", ["July"]]}}


@pytest.fixture(autouse=True)
def enabled(root):
    assert "code" not in root.mutate("enablePlugin", plugin="phrases", availability="DEFAULT_ON")


@pytest.fixture
def asks(client):
    """Ask acme's view as somebody, in a language."""

    def ask(query, *, language, user="acme-admin", view="acme", **variables):
        person = client(user)
        person.language = language
        answer = person.run(query, view, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    return ask


def test_the_plugin_is_loaded_and_its_metadata_is_stored_in_the_platforms_language(asks):
    shown = asks(
        '{ plugin(name: "phrases") { status verboseName description author } }', language="de", user="root", view=None
    )

    expected = {"status": "LOADED", "verboseName": "Monday", "description": "Tuesday", "author": "Wednesday"}
    assert shown["plugin"] == expected


@pytest.mark.parametrize(("language", "days"), [("de", ["Samstag", "Sonntag"]), ("en", ["Saturday", "Sunday"])])
def test_navigation_is_in_the_viewers_language_and_icons_are_not(asks, language, days):
    shown = asks("{ navigationItems { label url icon plugin { name } } }", language=language)

    found = [item for item in shown["navigationItems"] if item["plugin"]["name"] == "phrases"]
    assert [item["label"] for item in found] == days
    assert {item["icon"] for item in found} == {"Sunday", None}
    assert {item["url"] for item in found} == {"/c/acme/plugins/phrases/days/"}


def test_widgets_are_in_the_viewers_language(asks):
    query = "{ dashboardWidgets { name title data html error plugin { name } } }"

    shown = {language: asks(query, language=language)["dashboardWidgets"] for language in ("de", "en")}

    data, html = (each for each in shown["de"] if each["plugin"]["name"] == "phrases")
    assert (data["title"], data["data"], data["error"]) == ("Januar", {"Mai": ["Juni", ["Juli"]]}, None)
    assert (html["title"], html["html"], html["error"]) == ("Februar", "März", None)
    in_english = [each["title"] for each in shown["en"] if each["plugin"]["name"] == "phrases"]
    assert in_english == ["January", "February"]


def test_permissions_are_described_in_the_viewers_language(asks):
    query = '{ plugin(name: "phrases") { contributions { permissions { description } navigationItems { label } } } }'

    shown = asks(query, language="de")["plugin"]["contributions"]

    assert [each["description"] for each in shown["permissions"]] == ["Donnerstag", "Freitag"]
    assert [each["label"] for each in shown["navigationItems"]] == ["Samstag", "Sonntag"]


def test_the_settings_schema_has_titles_in_the_viewers_language_and_values_in_the_platforms(asks):
    query = '{ plugin(name: "phrases") { settingsSchema settings } }'
    everything = asks(query, language="de", user="root", view=None)["plugin"]["settingsSchema"]
    for_customer = asks(query, language="de")["plugin"]["settingsSchema"]
    english = asks(query, language="en")["plugin"]["settingsSchema"]

    day = {
        "title": "Dienstag",
        "description": "Mittwoch",
        "oneOf": [{"const": "Friday", "title": "Freitag"}, {"const": "none", "title": "Sonntag"}],
        "default": "Friday",
    }
    assert everything["title"] == for_customer["title"] == "Montag" and english["title"] == "Monday"
    assert everything["properties"]["day"] == for_customer["properties"]["day"] == day
    assert everything["properties"]["month"] == {"type": "string", "enum": ["May", "June"], "default": "May"}
    assert everything["properties"]["title"]["title"] == "Januar" and "title" not in for_customer["properties"]
    assert english["properties"]["day"]["title"] == "Tuesday"


def test_fields_are_in_the_viewers_language_and_the_schema_in_the_platforms(asks):
    introspection = '{ __type(name: "Phrase") { description } }'

    assert asks(PHRASES, language="de")["phrase"] == GERMAN
    assert asks(PHRASES, language="en")["phrase"] == ENGLISH
    assert asks(introspection, language="de")["__type"]["description"] == "Monday"


def test_a_subscription_is_in_the_viewers_language(client):
    for language, expected in (("de", GERMAN), ("en", ENGLISH)):
        viewer = client("acme-viewer")
        viewer.language = language

        event, body = viewer.subscribe("acme", "subscription { phrases { text words } }").next()

        assert (event, body) == ("next", {"data": {"phrases": expected}})


def test_a_refusal_is_in_the_viewers_language(asks):
    mutation = (
        """mutation { notePhrase(input: {isRefused: true}) { __typename ... on InvalidInput { message field } } }"""
    )

    refused = asks(mutation, language="de")["notePhrase"]

    assert refused == {"__typename": "InvalidInput", "message": "Freitag", "field": "Mai"}


def test_what_is_stored_is_in_the_platforms_language(asks):
    asks("mutation { notePhrase(input: {}) { __typename } }", language="de")
    check = """mutation { checkPluginHealth(input: {plugin: "phrases"}) { ... on CheckPluginHealthPayload {
      health { status message details } } } }"""

    health = asks(check, language="de", user="root", view=None)["checkPluginHealth"]["health"]
    log = asks(
        '{ pluginAuditLogs(filter: {search: "Saturday"}) { edges { node { action reason before after } } } }',
        language="de",
    )

    assert health == {"status": "DEGRADED", "message": "Saturday", "details": {"days": {"Sunday": ["Monday"]}}}
    (edge,) = log["pluginAuditLogs"]["edges"]
    node = edge["node"]
    assert (node["action"], node["reason"]) == ("May", "Saturday")
    assert (node["before"], node["after"]) == ({"day": "Sunday"}, {"Monday": ["Tuesday"]})


def test_the_sdl_has_descriptions_in_the_platforms_language(world):
    exported = world.command("export_schema", "--customer", "acme")

    assert '"""Monday"""' in exported and '"""Wednesday"""' in exported and '"""Friday"""' in exported


def test_an_answer_that_is_kept_is_kept_for_each_language(asks):
    shown = [asks(PHRASES, language=language)["phrase"] for language in ("de", "en", "de", "en")]

    assert shown == [GERMAN, ENGLISH] * 2
