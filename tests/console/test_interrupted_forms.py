"""A session that ends in the middle of a form: what was typed is shown again after signing in, and not sent before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from tests.console.conftest import SYSTEM
from tests.console.forms import find_form
from tests.console.test_addresses import TABLE
from tests.databases import one_database_is_enough
from tests.factories import PASSWORD
from webnet.accounts.models import SignInAttempts
from webnet.audit.models import PluginAuditLog
from webnet.console.frame import interrupted_forms
from webnet.console.frame.interrupted_forms import KEEPS_FORMS, KEPT
from webnet.console.urls import urlpatterns
from webnet.customers.models import ApiToken, Customer, User
from webnet.plugins.base import PluginBase, UIView
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

OWN_SITE = {"Referer": "http://testserver/users/?q=a", "Origin": "http://testserver"}
TYPED = {"username": "new.user", "name": "Ada <b> Lovelace", "email": "a@b.example", "password": "typed-s3cret-words"}


class Tower(PluginBase):
    """Its secret is not called one, and what is called after a password is none."""

    name = "tower"
    version = "1"

    def get_settings_schema(self) -> dict[str, Any]:
        secret = {"type": "string", "writeOnly": True}
        hosts = {"type": "array", "items": {"type": "string"}}
        members = {"token": secret, "pin": secret, "password_age": {"type": "integer"}, "hosts": hosts}
        # With two lists of alternatives, it is edited as JSON.
        vault = {"type": "object", "properties": {"host": {"type": "string"}, "key": secret}}
        members["vault"] = {**vault, "anyOf": [{"type": "object"}], "oneOf": [{"type": "object"}]}
        return {"type": "object", "properties": members}


@pytest.fixture
def platform(browse) -> Client:
    """The browser of a platform operator who has a password."""
    user = User.objects.get(username="platform")
    user.set_password(PASSWORD)
    user.save()
    return browse("platform")


def end_sessions() -> None:
    Session.objects.all().delete()


def interrupt(client: Client, address: str = "/users/", **typed: str) -> HttpResponse:
    """Send the form after the session has ended."""
    end_sessions()
    return client.post(address, typed, headers=OWN_SITE)


def sign_in(client: Client, page: HttpResponse, *, username: str = "platform", password: str = PASSWORD) -> Any:
    """Fill the sign-in form that was shown instead, and send it."""
    form = find_form(page.text, KEPT, "username", "password")
    entries = {**form.entries, "username": username, "password": password}
    return client.post(form.action, entries, headers=OWN_SITE)


def test_what_was_typed_is_shown_again_after_signing_in_and_sent_only_then(platform):
    asked = interrupt(platform, **TYPED)

    again = sign_in(platform, asked)

    form = find_form(again.text, "username", "email")
    assert (asked.status_code, again.status_code) == (200, 422)
    assert again.request["PATH_INFO"] == "/users/"
    assert {name: form.entries[name] for name in TYPED} == {**TYPED, "password": ""}
    assert "Your session had ended, so this was not sent" in again.text
    assert not User.objects.filter(username="new.user").exists()

    sent = platform.post(form.action, {**form.entries, "password": TYPED["password"]})

    assert sent["Location"] == "/users/new.user/"
    assert User.objects.get(username="new.user").name == "Ada <b> Lovelace"


def test_the_page_that_asks_to_sign_in_shows_nothing_of_what_was_typed(platform):
    page = interrupt(platform, **TYPED).text

    assert not [each for each in TYPED.values() if each in page]
    assert "Lovelace" not in page
    assert find_form(page, KEPT).action == "/users/"


@pytest.fixture
def sealed(monkeypatch) -> list[str]:
    """What is sealed into the pages that ask to sign in."""
    texts: list[str] = []
    real = interrupted_forms.sealed_texts.seal

    def seal(plain: bytes, *, purpose: bytes, **rest: Any) -> str:
        if purpose == interrupted_forms.PURPOSE:
            texts.append(interrupted_forms.zlib.decompress(plain).decode())
        return real(plain, purpose=purpose, **rest)

    monkeypatch.setattr(interrupted_forms.sealed_texts, "seal", seal)
    return texts


def test_a_password_is_not_even_in_the_sealed_text(platform, sealed):
    typed = {"current_password": PASSWORD, "new_password": "canary-1", "other_secret": "canary-2", "kept": "k"}

    interrupt(platform, "/account/password/", **typed)

    assert '"kept": ["k"]' in sealed[0]
    assert PASSWORD not in sealed[0] and "canary" not in sealed[0]


@pytest.mark.slow
def test_a_secret_setting_is_asked_for_again_and_all_else_is_kept(platform, sealed, install):
    """Whatever it is called, also in a part that is JSON; and a setting that is only called after a secret is none."""
    install(Tower(), enabled=True)
    address = "/plugins/tower/settings/"
    shown = find_form(platform.get(address).text, "base").entries
    vault = {"secret-json:/vault": '{"host": "h", "key": "canary-3"}'}
    typed = {**shown, "/password_age": "30", "secret:/token": "canary-1", "secret:/pin": "", **vault}

    for button in ("add:/hosts", "review", "save"):
        platform.post("/sign-in/", {"username": "platform", "password": PASSWORD})
        asked = interrupt(platform, address, **typed, do=button)
        again = sign_in(platform, asked)

        form = find_form(again.text, "base")
        assert "canary" not in "".join([*sealed, asked.text, again.text])
        assert again.text.count("was not kept: type it again") == 2  # in the summary, and at the field
        assert 'id="setting_token_errors"' in again.text
        assert again.text.count("was not kept, since it may have a secret: type it again") == 2
        assert form.entries["secret-json:/vault"] == shown["secret-json:/vault"] == ""
        assert form.entries["/password_age"] == "30"
    assert PluginConfig.objects.get(name="tower").settings == {}

    saved = platform.post(address, {**form.entries, "secret:/token": "canary-2", **vault, "do": "save"})

    assert saved.status_code == 302
    stored = PluginConfig.objects.get(name="tower")
    assert stored.settings == {"password_age": 30, "vault": {"host": "h"}}
    assert set(stored.secrets) == {"/token", "/vault/key"}
    # Nor is it in the mutation, which the page after it shows.
    page = platform.get(address).text
    assert "mutation UpdatePluginSettings" in page and "canary" not in page


def test_the_password_form_comes_back_empty_and_changes_nothing(platform):
    before = User.objects.get(username="platform").password
    asked = interrupt(
        platform, "/account/password/", current_password=PASSWORD, new_password="another", new_password_again="another"
    )

    again = sign_in(platform, asked)

    assert again.status_code == 422 and "this was not sent" in again.text
    assert set(find_form(again.text, "current_password").entries.values()) & {PASSWORD, "another"} == set()
    assert User.objects.get(username="platform").password == before


def test_a_wrong_password_keeps_what_was_typed(platform):
    asked = interrupt(platform, **TYPED)

    refused = sign_in(platform, asked, password="wrong")
    again = sign_in(platform, refused)

    assert refused.status_code == 403 and "The username or the password is wrong." in refused.text
    assert find_form(again.text, "email").entries["email"] == "a@b.example"


def test_why_signing_in_was_refused_is_in_the_viewers_language(platform):
    platform.cookies["django_language"] = "de"

    refused = sign_in(platform, interrupt(platform, **TYPED), password="wrong")

    assert "Der Benutzername oder das Passwort ist falsch." in refused.text


def test_signing_in_at_a_form_is_slowed_down_and_audited_like_any_other(platform):
    page = interrupt(platform, **TYPED)
    for _ in range(5):
        page = sign_in(platform, page, password="wrong")

    waiting = sign_in(platform, page)

    assert waiting.status_code == 429 and int(waiting["Retry-After"]) >= 1
    assert SignInAttempts.objects.exists()
    assert PluginAuditLog.objects.filter(action="sign_in", error_code="BAD_CREDENTIALS").exists()
    assert KEPT in waiting.text


def test_somebody_else_who_signs_in_gets_what_they_may_open(platform, browse):
    asked = interrupt(platform, **TYPED)
    vera = User.objects.get(username="vera")
    vera.set_password(PASSWORD)
    vera.save()

    again = sign_in(platform, asked, username="vera")

    assert again.status_code == 404
    assert "Lovelace" not in again.text


def test_a_form_without_fields_leads_back_to_its_page_with_the_reason(platform):
    token = ApiToken.objects.create(user=User.objects.get(username="platform"), name="robot", digest="x")
    asked = interrupt(platform, "/account/tokens/revoke/", id="x")

    back = sign_in(platform, asked)

    assert back.status_code == 302 and back["Location"] == "/account/tokens/"
    assert "this was not sent" in platform.get(back["Location"]).text
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_text_of_another_address_or_made_up_is_not_taken(platform):
    elsewhere = find_form(interrupt(platform, "/account/tokens/", name="robot").text, KEPT).entries[KEPT]

    for kept in (elsewhere, "made up", "", "\u00e9"):
        again = platform.post("/users/", {KEPT: kept, "username": "platform", "password": PASSWORD})
        assert (again.status_code, again["Location"]) == (302, "/")
        assert not User.objects.filter(username="robot").exists()


def test_a_kept_form_is_never_sent_by_somebody_who_is_signed_in(platform):
    kept = find_form(interrupt(platform, **TYPED).text, KEPT).entries
    platform.post("/sign-in/", {"username": "platform", "password": PASSWORD})

    again = platform.post("/users/", kept)

    assert again.status_code == 422
    assert not User.objects.filter(username="new.user").exists()


def test_what_is_too_long_is_lost_and_the_page_says_so(platform, monkeypatch):
    monkeypatch.setattr(interrupted_forms, "LONGEST_KEPT", 100)
    asked = interrupt(platform, name="x" * 101)

    back = sign_in(platform, asked)

    assert "too long to be kept" in asked.text
    assert (back.status_code, back["Location"]) == (302, "/users/?q=a")


def csrf_browser(username: str) -> Client:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/sign-in/")
    token = browser.cookies["csrftoken"].value
    browser.post("/sign-in/", {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": token})
    return browser


class TestTokensOfAnEarlierSession:
    """Signing in, also in another tab, makes a new CSRF token: forms of before have the old one."""

    def test_the_form_can_be_sent_again_in_this_session(self, platform):
        browser = csrf_browser("platform")
        old = {**TYPED, "csrfmiddlewaretoken": "x" * 32}

        refused = browser.post("/users/", old, headers=OWN_SITE)
        form = find_form(refused.text, KEPT)
        again = browser.post(form.action, form.entries, headers=OWN_SITE)

        assert (refused.status_code, again.status_code) == (403, 422)
        assert "Lovelace" not in refused.text
        assert find_form(again.text, "email").entries["email"] == "a@b.example"
        assert not User.objects.filter(username="new.user").exists()

    def test_it_asks_to_sign_in_where_the_session_has_ended_too(self, platform):
        browser = csrf_browser("platform")
        end_sessions()

        asked = browser.post("/users/", {**TYPED, "csrfmiddlewaretoken": "x" * 32}, headers=OWN_SITE)
        again = sign_in(browser, asked)

        assert asked.status_code == 403
        assert find_form(again.text, "email").entries["email"] == "a@b.example"

    @pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
    def test_a_form_of_another_site_is_not_kept(self, platform, headers):
        refused = csrf_browser("platform").post("/users/", TYPED, headers=headers)

        assert refused.status_code == 403
        assert KEPT not in refused.text and "Please send it again" in refused.text

    def test_a_form_of_a_plugin_is_not_kept(self, platform):
        refused = csrf_browser("platform").post("/c/acme/plugins/pages/plain/", TYPED, headers=OWN_SITE)

        assert refused.status_code == 403 and KEPT not in refused.text


def test_with_htmx_it_is_the_same_when_the_token_of_the_form_is_gone_too():
    browser = Client(enforce_csrf_checks=True)

    asked = browser.post("/users/", TYPED, headers={**OWN_SITE, "HX-Request": "true"})

    assert asked["Location"].startswith("/sign-in/?next=/users/")


@pytest.mark.parametrize("method", ["get", "post"])
def test_with_htmx_it_is_a_redirect_which_the_script_does_not_follow(platform, method):
    """So the page stays, with what was typed."""
    end_sessions()

    asked = getattr(platform, method)("/users/", TYPED, headers={**OWN_SITE, "HX-Request": "true"})

    assert asked["Location"].startswith("/sign-in/?next=/users/")


def test_a_page_is_still_redirected_to():
    assert Client().get("/users/?q=a")["Location"] == "/sign-in/?next=/users/%3Fq%3Da"


def test_plugins_forms_are_not_called_to_be_shown(platform, install):
    """Their views do what the form is for."""
    done = []

    def do_it(request: HttpRequest) -> HttpResponse:
        done.append(request.method)
        return HttpResponse("done")

    class Doer(PluginBase):
        name = "doer"
        version = "1"

        def get_ui_views(self) -> list[UIView]:
            return [UIView(name="do", path="do/", view=do_it)]

    install(Doer(), enabled=True)
    manager.enable("doer", actor=SYSTEM, customer="acme")

    asked = interrupt(platform, "/c/acme/plugins/doer/do/", a="b")

    assert asked["Location"] == "/sign-in/?next=/c/acme/plugins/doer/do/"
    assert done == []


PLUGINS_OWN = {"plugin-pages", "plugin-page"}
OF_NOBODY = {"sign-in", "sign-out", "invitations", "invitation", "plugin-pages-without-slash"}


def test_the_table_has_every_address():
    assert {each.name for each in urlpatterns} >= PLUGINS_OWN | OF_NOBODY


@pytest.mark.parametrize("name", sorted(set(TABLE) - PLUGINS_OWN - OF_NOBODY))
def test_every_address_keeps_forms_and_showing_one_again_changes_nothing(name, platform):
    """Those that take none refuse them before anybody is asked to sign in."""
    address = reverse(name, kwargs=TABLE[name].arguments)
    asked = interrupt(
        platform, address, username="new.user", customer="acme", role="ADMIN", name="n", id="x", do="remove"
    )
    assert getattr(resolve(address).func, KEEPS_FORMS)
    if asked.status_code == 405:
        return
    assert KEPT in asked.text
    before = PluginAuditLog.objects.count()

    again = sign_in(platform, asked)

    # Signing in is all that is in the log.
    assert again.status_code < 500
    assert PluginAuditLog.objects.count() == before + 1
    assert Customer.objects.get(slug="acme").memberships.count() == 3
