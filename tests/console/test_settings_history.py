"""The history of a plugin's settings, and the way back to a revision, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.forms import find_form
from tests.console.settings_plugin import SCHEMA, Talker
from tests.databases import one_database_is_enough
from webnet.console.settings_form.labels import BETWEEN
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, one_database_is_enough]

SYSTEM = Actor.system("tests")
HISTORY = "/c/acme/manage/plugins/talker/settings/history/"
SECRET = "canary-7f3a"


class Terse(Talker):
    """A later version of it, which takes short words only."""

    version = "2.0"

    def get_settings_schema(self) -> dict[str, Any]:
        word = {**SCHEMA["properties"]["word"], "default": "hi", "maxLength": 5}
        return {**SCHEMA, "properties": {**SCHEMA["properties"], "word": word}}


@pytest.fixture(autouse=True)
def _talker(acme, install):
    install(Talker(), enabled=True)
    manager.enable("talker", actor=SYSTEM, customer="acme")


@pytest.fixture
def oscar(browse):
    return browse("oscar")


def update(customer: str | None = "acme", **patch: object) -> None:
    manager.update_settings("talker", actor=SYSTEM, customer=customer, patch=patch)


def test_the_history_calls_settings_by_their_titles_and_shows_no_secret(oscar):
    update(sign_in={"kind": "basic", "user": "ann"}, tokens={"a": SECRET})

    page = oscar.get(HISTORY).text

    assert f'<th scope="row" title="/sign_in/user">Sign-in{BETWEEN}User</th>' in page
    assert "a secret was set, replaced or removed" in page.split(f"Tokens{BETWEEN}a")[1][:200]
    assert SECRET not in page


def back(revision: int) -> str:
    return f"{HISTORY}{revision}/"


def own() -> dict[str, object]:
    return CustomerPluginConfig.objects.get(customer__slug="acme", plugin__name="talker").settings


def test_going_back_shows_what_changes_first_and_then_does_it_with_the_reason(oscar):
    update(word="one", tokens={"a": SECRET})
    update(word="two", count=5)
    assert f'href="{back(1)}"' in oscar.get(HISTORY).text

    review = oscar.get(back(1))

    form = find_form(review.text, "expected")
    assert own()["word"] == "two"
    assert "<del>two</del></td><td><ins>one</ins>" in review.text
    assert "<del>5</del></td><td><ins>inherited: 3</ins>" in review.text
    saved = oscar.post(back(1), {**form.entries, "reason": "Too much"})
    assert (saved.status_code, saved["Location"]) == (302, HISTORY.removesuffix("history/"))
    assert own() == {"word": "one", "tokens": {}}
    page = oscar.get(HISTORY).text
    assert "“Too much”" in page and SECRET not in page + review.text


def test_inheriting_everything_names_the_secrets_that_are_removed(oscar):
    update(word="one", tokens={"a": SECRET})

    page = oscar.get(back(0)).text

    assert "<ins>inherited: hello</ins>" in page
    assert "<td>secret</td><td>removed</td>" in page.split(f"Tokens{BETWEEN}a")[1][:100]


def test_somebody_who_was_faster_is_seen_over_what_they_saved(oscar):
    update(word="one")
    update(word="two")
    form = find_form(oscar.get(back(1)).text, "expected")
    update(word="three")

    late = oscar.post(back(1), form.entries)

    assert late.status_code == 409 and "are at revision 3, not 2" in late.text
    assert "<del>three</del></td><td><ins>one</ins>" in late.text
    assert own() == {"word": "three"}
    assert oscar.post(back(1), find_form(late.text, "expected").entries).status_code == 302


def test_a_revision_that_is_not_there_or_changes_nothing_has_no_button(oscar):
    update(word="one")

    unknown, same = oscar.get(back(7)), oscar.get(back(1))

    assert unknown.status_code == 422 and "it is not in the audit log" in unknown.text
    assert same.status_code == 200 and "Nothing would change" in same.text
    assert '<button class="button" type="submit">' not in unknown.text + same.text
    assert oscar.get(back(10**30)).status_code == 404
    assert oscar.post(back(1), {"expected": "x"}).status_code == 200


def test_settings_that_no_longer_fit_are_named_with_what_is_wrong(oscar, install):
    update(word="a word that is long")
    update(word="short")
    install(Terse(), enabled=True)

    page = oscar.get(back(1))

    assert page.status_code == 422
    assert "<strong>Word</strong> must have at most 5 characters" in page.text
    assert oscar.post(back(1), {"expected": "2"}).status_code == 422
    assert own() == {"word": "short"}


def test_customers_that_would_stop_are_named_before_everybody_goes_back(browse):
    update(None, sign_in={"kind": "basic", "user": "ann"})
    update(None, sign_in=None)
    update(sign_in={"kind": "token"})
    platform, address = browse("platform"), "/plugins/talker/settings/history/1/"

    page = platform.get(address)

    assert page.status_code == 422
    assert 'href="/c/acme/manage/plugins/talker/settings/"' in page.text
    form = find_form(page.text, "expected").entries
    without = {name: text for name, text in form.items() if name != "allow-invalid"}
    assert platform.post(address, without).status_code == 422
    assert platform.post(address, {**without, "allow-invalid": "on"}).status_code == 302
    assert PluginConfig.objects.get(name="talker").settings == {"sign_in": {"kind": "basic", "user": "ann"}}
