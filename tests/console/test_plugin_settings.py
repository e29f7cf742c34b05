"""The pages of a plugin's settings over HTTP: form, review, saved; refusals, conflicts, secrets, and the history."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.console.settings_plugin import Mute, Talker
from tests.databases import one_database_is_enough
from tests.factories import make_customer
from webnet.console.plugin_settings import typed_secrets
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, one_database_is_enough]

SYSTEM = Actor.system("tests")
GLOBAL = "/plugins/talker/settings/"
OWN = "/c/acme/manage/plugins/talker/settings/"
SECRET = "canary-7f3a"
INPUT = re.compile(r"<(?:input|select|textarea)\b[^>]*>(?:(?<=>)[^<]*(?=</textarea>))?", re.DOTALL)


@pytest.fixture(autouse=True)
def _talker(acme, install):
    install(Talker(), Mute(), enabled=True)
    manager.enable("talker", actor=SYSTEM, customer="acme")


@pytest.fixture
def oscar(browse):
    return browse("oscar")


@pytest.fixture
def platform(browse):
    return browse("platform")


def read(page: str) -> dict[str, str]:
    """What a browser would send of the page's last form, without a button."""
    form = page[page.index('<form id="settings-form"' if 'id="settings-form"' in page else '<form class="settings"') :]
    form = form[: form.index("</form>")]
    sent: dict[str, str] = {}
    for match in re.finditer(r"<(input|select|textarea)\b([^>]*)>", form):
        attributes = {name: html.unescape(text) for name, text in re.findall(r'([\w:-]+)="([^"]*)"', match[2])}
        name, kind = attributes.get("name"), attributes.get("type")
        if name is None or (kind in {"checkbox", "radio"} and " checked" not in match[2]):
            continue
        if match[1] == "textarea":
            sent[name] = html.unescape(form[match.end() : form.index("</textarea>", match.end())]).removeprefix("\n")
        elif match[1] == "select":
            options = form[match.end() : form.index("</select>", match.end())]
            chosen = re.search(r'<option value="([^"]*)" selected>', options)
            sent[name] = html.unescape(chosen[1] if chosen else re.search(r'value="([^"]*)"', options)[1])
        else:
            sent[name] = attributes.get("value", "on" if kind == "checkbox" else "")
    return sent


def fill(client: Any, address: str, **changes: str) -> dict[str, str]:
    """The form as it is shown, with these changes."""
    return {**read(client.get(address).text), **changes}


def press(client: Any, address: str, sent: dict[str, str], button: str) -> Any:
    return client.post(address, {**sent, "do": button})


def save(client: Any, address: str, sent: dict[str, str], **more: str) -> Any:
    """Review and save."""
    review = press(client, address, sent, "review")
    assert review.status_code == 200, review.text
    return press(client, address, {**read(review.text), **more}, "save")


def own() -> dict[str, Any]:
    return CustomerPluginConfig.objects.get(customer__slug="acme", plugin__name="talker").settings


def opened(config: Any = None) -> dict[str, Any]:
    config = config or CustomerPluginConfig.objects.get(customer__slug="acme", plugin__name="talker")
    return layers.opened_secrets(config, plugin="talker")


def test_a_form_that_is_sent_unchanged_has_nothing_to_review(oscar):
    response = press(oscar, OWN, fill(oscar, OWN), "review")

    assert "You have not changed anything." in response.text


def test_what_was_typed_is_reviewed_and_then_saved_with_its_reason(oscar):
    sent = fill(oscar, OWN, **{"/word": "Hi", "/count": "9007199254740993", "/rate": "0.10", "/loud": "false"})

    review = press(oscar, OWN, sent, "review")

    assert own_revision() == 0
    for text in ("Word", "<del>inherited: hello</del>", "<ins>Hi</ins>", "9007199254740993", "<ins>No</ins>"):
        assert text in review.text
    saved = press(oscar, OWN, {**read(review.text), "reason": "Because"}, "save")
    assert (saved.status_code, saved["Location"]) == (302, OWN)
    assert own() == {"word": "Hi", "count": 9007199254740993, "rate": 0.1, "loud": False}
    page = oscar.get(OWN).text
    assert "The settings are saved." in page
    assert "updateCustomerPluginSettings" in page
    assert "Because" in oscar.get(f"{OWN}history/").text


def own_revision() -> int:
    config = CustomerPluginConfig.objects.filter(customer__slug="acme", plugin__name="talker").first()
    return config.settings_revision if config else 0


def test_what_can_not_be_read_stays_as_typed_with_an_error_at_the_field(oscar):
    sent = fill(oscar, OWN, **{"/count": "three", "/word": "kept", "json:/anything": "{oops"})

    response = press(oscar, OWN, sent, "review")

    assert response.status_code == 422
    page = response.text
    assert 'value="three"' in page and 'value="kept"' in page and "{oops" in page
    assert 'href="#setting_count"' in page and 'id="setting_count"' in page
    assert "must be a whole number" in page and "is not JSON" in page
    assert page.count('aria-invalid="true"') == 2


def test_what_the_validator_refuses_is_shown_at_the_field(oscar):
    sent = fill(oscar, OWN, **{"/count": "0", "/mail": "nobody", "/word": "x" * 21})

    page = press(oscar, OWN, sent, "review").text

    for id_of_field, message in (
        ("setting_count", "must be 1 or more"),
        ("setting_mail", "must be an e-mail address"),
        ("setting_word", "must have at most 20 characters"),
    ):
        assert f'<a href="#{id_of_field}">' in page
        assert message in page.split(f'id="{id_of_field}_errors"')[1][:200]


def test_values_say_where_they_come_from_and_can_be_reset(platform, oscar):
    save(platform, GLOBAL, fill(platform, GLOBAL, **{"/word": "Hey"}))
    save(oscar, OWN, fill(oscar, OWN, **{"/count": "5"}))

    page = oscar.get(OWN).text

    assert "Inherited from the settings for everybody: Hey" in page
    assert "otherwise 3" in page
    reset = press(oscar, OWN, fill(oscar, OWN), "reset:/count")
    save(oscar, OWN, read(reset.text))
    assert own() == {}


def test_items_are_added_and_removed_by_buttons_alone(oscar):
    page = press(oscar, OWN, fill(oscar, OWN), "add:/servers").text
    page = press(oscar, OWN, {**read(page), "/servers/0/host": "a", "/word": "typed"}, "add:/servers").text
    page = press(oscar, OWN, {**read(page), "/servers/1/host": "b", "/servers/1/port": "80"}, "remove:/servers/0").text
    assert 'value="typed"' in page

    save(oscar, OWN, read(page))

    assert own() == {"servers": [{"host": "b", "port": 80}], "word": "typed"}


def test_another_kind_is_chosen_and_what_was_typed_comes_back(oscar):
    page = press(oscar, OWN, fill(oscar, OWN, **{"choice:/sign_in": "0"}), "review").text
    assert own_revision() == 0
    page = press(oscar, OWN, {**read(page), "/sign_in/user": "ann", "choice:/sign_in": "1"}, "switch").text
    assert 'name="secret:/sign_in/token"' in page and 'name="/sign_in/user"' not in page
    page = press(oscar, OWN, {**read(page), "choice:/sign_in": "0"}, "switch").text
    assert 'name="/sign_in/user"' in page and 'value="ann"' in page

    save(oscar, OWN, read(page))

    assert own() == {"sign_in": {"kind": "basic", "user": "ann"}}


def test_a_kind_whose_fields_were_not_in_the_form_yet_is_said_when_it_is_reviewed(oscar):
    asked = press(oscar, OWN, fill(oscar, OWN, **{"choice:/sign_in": "0"}), "switch").text
    reviewed = press(oscar, OWN, fill(oscar, OWN, **{"choice:/sign_in": "0"}), "review").text

    assert 'name="/sign_in/user"' in asked and 'name="/sign_in/user"' in reviewed
    assert "You chose another kind" in reviewed and "You chose another kind" not in asked


def test_rows_of_a_map_have_names(oscar):
    page = press(oscar, OWN, fill(oscar, OWN), "add:/labels").text
    page = press(oscar, OWN, {**read(page), "name:/labels/~+0": "a/b ~ö", "/labels/~+0": "x"}, "review").text
    press(oscar, OWN, read(page), "save")
    assert own() == {"labels": {"a/b ~ö": "x"}}

    save(oscar, OWN, fill(oscar, OWN, **{"name:/labels/~+0": "c"}))

    assert own() == {"labels": {"c": "x"}}


def test_a_secret_goes_through_every_page_without_being_in_one(oscar):
    page = press(oscar, OWN, fill(oscar, OWN), "add:/tokens").text
    sent = {**read(page), "name:/tokens/~+0": "host.example", "secret:/tokens/~+0": SECRET, "/count": "none"}
    broken = press(oscar, OWN, sent, "review").text
    review = press(oscar, OWN, {**read(broken), "/count": "4"}, "review").text

    saved = press(oscar, OWN, read(review), "save")

    after = oscar.get(OWN).text
    history = oscar.get(f"{OWN}history/").text
    assert opened() == {"/tokens/host.example": SECRET}
    assert SECRET not in broken + review + saved.text + after + history
    assert "new value typed" in broken
    assert "Set since" in after


def test_a_secret_is_replaced_and_removed(oscar):
    manager.update_settings("talker", actor=SYSTEM, customer="acme", patch={"tokens": {"a": "one1", "b": "two2"}})

    save(oscar, OWN, fill(oscar, OWN, **{"secret:/tokens/~+0": "three"}))
    assert opened() == {"/tokens/a": "three", "/tokens/b": "two2"}
    save(oscar, OWN, read(press(oscar, OWN, fill(oscar, OWN), "remove:/tokens/~+0").text))

    assert opened() == {"/tokens/b": "two2"}


def test_a_sealed_secret_opens_for_its_user_place_and_hour_only(oscar, browse, monkeypatch):
    page = press(oscar, OWN, fill(oscar, OWN, **{"choice:/sign_in": "1"}), "switch").text
    page = press(oscar, OWN, {**read(page), "secret:/sign_in/token": SECRET}, "edit").text
    sent = read(page)
    sealed = sent["sealed:/sign_in/token"]

    ann = press(browse("ann"), OWN, sent, "review")
    elsewhere = press(oscar, OWN, {**sent, "sealed:/sign_in/token": "", "sealed:/word": sealed}, "review")
    monkeypatch.setattr(typed_secrets, "LIFETIME_SECONDS", -1)
    late = press(oscar, OWN, sent, "review")

    assert "type it again" in ann.text and "type it again" in late.text
    assert SECRET not in elsewhere.text and opened_or_nothing() == {}


def opened_or_nothing() -> dict[str, Any]:
    config = CustomerPluginConfig.objects.filter(customer__slug="acme", plugin__name="talker").first()
    return opened(config) if config else {}


def test_platform_only_settings_are_locked_for_operators_of_the_platform_and_absent_for_customers(platform, oscar):
    locked, absent = platform.get(OWN).text, oscar.get(OWN).text

    assert "Only the platform can set this" in locked and 'name="/quota"' not in locked
    assert "Quota" not in absent and "quota" not in absent
    assert 'name="/quota"' in platform.get(GLOBAL).text


def test_a_locked_setting_that_is_sent_all_the_same_changes_nothing(platform):
    response = press(platform, OWN, fill(platform, OWN, **{"/quota": "99"}), "review")

    assert "You have not changed anything." in response.text


def test_two_people_who_changed_different_settings_keep_both(oscar, browse):
    ann, sent = browse("ann"), fill(oscar, OWN, **{"/word": "mine"})
    save(ann, OWN, fill(ann, OWN, **{"/count": "8"}))

    conflict = press(oscar, OWN, sent, "review")

    assert conflict.status_code == 409
    assert "both are kept" in conflict.text
    review = press(oscar, OWN, read(conflict.text), "resolve")
    press(oscar, OWN, read(review.text), "save")
    assert own() == {"count": 8, "word": "mine"}


def test_a_form_sent_twice_and_a_wish_that_somebody_else_has_just_fulfilled_are_no_conflicts(oscar, browse):
    ann, form = browse("ann"), fill(oscar, OWN, **{"/word": "mine"})
    review = read(press(oscar, OWN, form, "review").text)
    press(oscar, OWN, review, "save")

    answers = [(oscar, press(oscar, OWN, review, "save")), (ann, press(ann, OWN, form, "review"))]

    for person, answer in answers:
        assert (answer.status_code, answer.url) == (302, OWN)
        assert "The settings were so already." in person.get(OWN).text
    assert own() == {"word": "mine"}


@pytest.mark.parametrize(("pick", "expected"), [("mine", "mine"), ("theirs", "theirs")])
def test_two_people_who_changed_the_same_setting_see_both_and_choose(oscar, browse, pick, expected):
    ann, sent = browse("ann"), fill(oscar, OWN, **{"/word": "mine", "/level": '"high"'})
    save(ann, OWN, fill(ann, OWN, **{"/word": "theirs"}))

    conflict = press(oscar, OWN, sent, "review")

    assert "mine" in conflict.text and "theirs" in conflict.text
    result = press(oscar, OWN, {**read(conflict.text), "pick:/word": pick}, "resolve-edit")
    assert f'value="{expected}"' in result.text
    save(oscar, OWN, read(result.text))
    assert own() == {"word": expected, "level": "high"}


def test_a_conflict_while_the_review_is_read_is_seen_when_it_is_saved(oscar, browse):
    review = press(oscar, OWN, fill(oscar, OWN, **{"/word": "mine"}), "review")
    ann = browse("ann")
    save(ann, OWN, fill(ann, OWN, **{"/word": "theirs"}))

    late = press(oscar, OWN, read(review.text), "save")

    assert late.status_code == 409
    assert own() == {"word": "theirs"}


def test_a_typed_secret_survives_a_conflict(oscar, browse):
    page = press(oscar, OWN, fill(oscar, OWN), "add:/tokens").text
    sent = {**read(page), "name:/tokens/~+0": "a", "secret:/tokens/~+0": SECRET}
    ann = browse("ann")
    save(ann, OWN, fill(ann, OWN, **{"/word": "theirs"}))

    conflict = press(oscar, OWN, sent, "review")
    review = press(oscar, OWN, read(conflict.text), "resolve")
    press(oscar, OWN, read(review.text), "save")

    assert SECRET not in conflict.text + review.text
    assert opened() == {"/tokens/a": SECRET}
    assert own()["word"] == "theirs"


def test_a_global_change_names_the_customers_that_it_would_stop(platform, oscar):
    manager.update_settings("talker", actor=SYSTEM, customer="acme", patch={"sign_in": {"kind": "basic", "user": "u"}})
    page = press(platform, GLOBAL, fill(platform, GLOBAL, **{"choice:/sign_in": "1"}), "switch").text
    page = press(platform, GLOBAL, {**read(page), "secret:/sign_in/token": "t0ken"}, "review")

    assert page.status_code == 422
    assert f'href="{OWN}"' in page.text and "allow-invalid" in page.text
    refused = press(platform, GLOBAL, read(page.text), "save")
    assert refused.status_code == 422
    saved = press(platform, GLOBAL, {**read(page.text), "allow-invalid": "on"}, "save")
    assert saved.status_code == 302
    assert PluginConfig.objects.get(name="talker").settings == {"sign_in": {"kind": "token"}}


def test_viewers_read_the_settings_without_a_form(platform, browse):
    save(platform, GLOBAL, fill(platform, GLOBAL, **{"/count": "5"}))
    own = {"word": "Hi", "sign_in": {"kind": "basic", "user": "ann", "password": SECRET}, "servers": [{"host": "a.b"}]}
    manager.update_settings("talker", actor=SYSTEM, customer="acme", patch=own)
    vera = browse("vera")

    page = vera.get(OWN).text

    main = page.split('<main id="main">')[1].split("<details")[0]
    shown = "Hi", "otherwise hello", "Inherited from the settings for everybody: 5", "ann", "a.b", "Set since"
    assert [text for text in shown if text not in main] == []
    assert "Operators and admins of the customer change the settings" in main
    assert not re.search("<(input|select|textarea|button|form)", main)
    assert SECRET not in page and "Quota" not in page
    assert OWN in vera.get("/c/acme/manage/plugins/talker/").text
    assert vera.post(OWN, {"do": "review"}).status_code == 403


def test_a_plugin_without_settings_says_so(oscar, platform):
    manager.enable("mute", actor=SYSTEM, customer="acme")

    for client, address in ((platform, "/plugins/mute/settings/"), (oscar, "/c/acme/manage/plugins/mute/settings/")):
        assert "has no settings" in client.get(address).text


@pytest.mark.parametrize(
    "base",
    [
        *("", "{", "[]", "null", '{"revision": 1}', '{"revision": 0, "settings": [], "secrets": {}}'),
        '{"revision": 0, "settings": {"word": "\\ud800"}, "secrets": {}}',
    ],
)
def test_a_form_that_was_damaged_on_the_way_begins_anew(oscar, base):
    response = press(oscar, OWN, fill(oscar, OWN, base=base, **{"/word": "x"}), "review")

    assert response.status_code == 400
    assert "begins anew" in response.text


@pytest.mark.parametrize(
    "changes",
    [
        {"/word": "\0"},
        {"/word": "x" * 10_000},
        {"/level": '"middle"'},
        {"/level": "{"},
        {"count:/servers": "99999999999"},
        {"count:/servers": "900"},
        {"choice:/sign_in": "77"},
        {"choice:/sign_in": "x", "shown:/sign_in": "0"},
        {"shown:/sign_in": "-1"},
        {"json:/anything": "[" * 5_000},
        {"json:/anything": "1" * 5_000},
        {"json:/anything": "NaN"},
        {"json:/anything": '"\\ud800"'},
        {"json:/anything": '{"\\u0000": 1}'},
        {"json:/anything": "[" * 200 + "]" * 200},
        {"json:": "[]"},
        {"object:/labels": "-"},
        {"count:/labels": "2"},
        {"/count": "1" * 5_000},
        {"/rate": "1e999"},
        {"/rate": "0.1234567890123456789"},
        {"sealed:/sign_in/token": "x"},
    ],
)
def test_no_input_fails(oscar, changes):
    for button in ("review", "save", "resolve", "resolve-edit", "edit", "add:/servers", "remove:/servers/0", "x"):
        assert press(oscar, OWN, fill(oscar, OWN, **changes), button).status_code in {200, 302, 400, 409, 422}


def test_each_step_takes_few_statements(oscar, platform):
    for number in range(30):
        make_customer(f"customer-{number:02}")
    for client, address in ((oscar, OWN), (platform, GLOBAL)):
        for word in ("warm", "cold"):
            with CaptureQueriesContext(connection) as shown:
                sent = fill(client, address, **{"/word": word})
            with CaptureQueriesContext(connection) as reviewed:
                review = press(client, address, sent, "review")
            with CaptureQueriesContext(connection) as saved:
                press(client, address, read(review.text), "save")
            counts = [len(shown), len(reviewed), len(saved)]
        assert counts[0] <= 12 and counts[1] <= 12, counts
        assert counts[2] <= 25, counts
