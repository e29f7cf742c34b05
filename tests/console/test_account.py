"""The pages of one's own account: who one is, the password, and API tokens."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.console.forms import find_form, read_forms
from tests.databases import one_database_is_enough
from tests.factories import PASSWORD, make_customer, make_membership, make_token
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import ApiToken, Customer, Role, User

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

NEW = "a staple battery, horse correct"


@pytest.fixture
def vera(browse) -> Client:
    """The browser of a viewer who has a password."""
    user = User.objects.get(username="vera")
    user.set_password(PASSWORD)
    user.save()
    return browse("vera")


def change(client: Client, current: str = PASSWORD, new: str = NEW, again: str | None = None):
    form = find_form(client.get("/account/password/").text, "current_password")
    again = new if again is None else again
    return client.post(
        form.action, {**form.entries, "current_password": current, "new_password": new, "new_password_again": again}
    )


def create(client: Client, **typed: str):
    form = find_form(client.get("/account/tokens/").text, "expires_on")
    return client.post(form.action, {**form.entries, **typed})


class TestOverview:
    def test_it_says_who_one_is_and_what_one_may_do_where(self, vera):
        make_membership(User.objects.get(username="vera"), make_customer("initech", name="Initech"), Role.ADMIN)
        User.objects.filter(username="vera").update(name="Vera Vance", email="vera@example.com")

        page = vera.get("/account/").text

        assert "<h1>Vera Vance</h1>" in page and "vera@example.com" in page
        rows = re.findall(r'<a href="/c/(\w+)/">([^<]*)</a>.*?<td>(\w+)</td>', page, re.S)
        assert rows == [("acme", "Acme Corp", "Viewer"), ("initech", "Initech", "Admin")]

    def test_a_platform_operator_is_told_what_that_means(self, browse):
        assert "you have all roles for every customer" in browse("platform").get("/account/").text

    def test_roles_are_in_pages(self, vera):
        user = User.objects.get(username="vera")
        for number in range(60):
            make_membership(user, make_customer(f"customer-{number:02}"))

        page = vera.get("/account/").text
        after = re.search(r'rel="next" href="(\?after=[^"]*)"', page).group(1)

        assert "customer-48" in page and "customer-49" not in page
        assert "customer-59" in vera.get(f"/account/{after}").text

    def test_every_page_leads_there(self, vera):
        assert '<a href="/account/">vera</a>' in vera.get("/c/acme/").text


class TestPassword:
    def test_it_is_changed_and_other_sessions_end(self, vera, browse):
        elsewhere = browse("vera")

        done = change(vera)

        assert done["Location"] == "/account/"
        assert "Your password was changed." in vera.get("/account/").text
        assert elsewhere.get("/account/").status_code == 302
        assert Client().post("/sign-in/", {"username": "vera", "password": NEW}).status_code == 302

    def test_what_is_shown_as_graphql_and_what_is_stored_has_no_password(self, vera):
        change(vera)
        shown = vera.get("/account/").text

        assert "mutation ChangePassword" in shown
        stored = [str(each.get_decoded()) for each in Session.objects.all()]
        for password in (PASSWORD, NEW):
            assert password not in shown
            assert not [
                each for each in (*stored, *PluginAuditLog.objects.values_list("text", flat=True)) if password in each
            ]

    def test_a_wrong_current_password_is_shown_at_its_field(self, vera):
        refused = change(vera, current="wrong")

        assert refused.status_code == 422
        assert '<p class="error" id="current-password-error">The current password is wrong.</p>' in refused.text
        assert 'aria-describedby="current-password-error"' in refused.text
        assert "wrong" not in "".join(find_form(refused.text, "current_password").entries.values())

    def test_each_objection_to_the_new_one_is_shown_at_its_field(self, vera):
        refused = change(vera, new="1234")

        [error] = re.findall(r'<p class="error" id="new-password-error">(.*?)</p>', refused.text)
        assert error.startswith("This password is too short.") and "This password is too common." in error
        assert "1234" not in refused.text

    def test_mistyping_it_is_noticed(self, vera):
        refused = change(vera, again="another")

        assert refused.status_code == 422 and "These are not the same." in refused.text
        assert User.objects.get(username="vera").check_password(PASSWORD)

    def test_too_many_wrong_ones_have_to_wait(self, vera):
        for _ in range(5):
            change(vera, current="wrong")

        waiting = change(vera)

        assert waiting.status_code == 429 and "wait" in waiting.text
        assert User.objects.get(username="vera").check_password(PASSWORD)


class TestPreferences:
    def choose(self, client: Client, **chosen: str):
        form = find_form(client.get("/account/preferences/").text, "zone")
        return client.post(form.action, {**form.entries, **chosen})

    def test_the_language_is_that_which_was_chosen(self, vera):
        done = self.choose(vera, language="de")

        page = vera.get(done["Location"], headers={"Accept-Language": "en"}).text
        assert done["Location"] == "/account/preferences/"
        assert '<html lang="de"' in page

    def test_times_are_those_of_the_zone_that_was_chosen(self, vera):
        User.objects.filter(username="vera").update(is_superuser=True, last_login=datetime(2026, 1, 1, 12, tzinfo=UTC))
        self.choose(vera, zone="Asia/Tokyo")

        page = vera.get("/users/vera/").text

        assert '<time datetime="2026-01-01T12:00:00Z" title="2026-01-01 12:00:00 UTC">1 Jan 2026, 21:00</time>' in page

    def test_without_a_choice_they_are_those_of_the_browser(self, vera):
        self.choose(vera, language="de", zone="Asia/Tokyo")
        self.choose(vera, language="", zone="")

        page = vera.get("/account/preferences/").text
        assert '<html lang="en"' in page
        assert find_form(page, "zone").entries["zone"] == ""

    @pytest.mark.parametrize("zone", ["Nowhere", "../etc/passwd", "\0", "x" * 10_000])
    def test_what_is_no_zone_is_refused(self, vera, zone):
        refused = self.choose(vera, zone=zone)

        assert refused.status_code == 422 and "This is not a time zone." in refused.text
        assert not vera.cookies.get("webnet_chosen_timezone")

    def test_a_language_that_there_is_not_counts_as_none(self, vera):
        assert self.choose(vera, language="xx").status_code == 302
        assert '<html lang="en"' in vera.get("/account/preferences/").text


class TestTokens:
    def test_a_new_ones_secret_is_shown_once_and_kept_nowhere(self, vera, caplog):
        caplog.set_level(logging.DEBUG)

        made = create(vera, name="robot")

        [secret] = re.findall(r"<code class=\"shown-once\"[^>]*>(wn_[^<]+)</code>", made.text)
        assert made.status_code == 201 and made.text.count(secret) == 1
        assert made["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        assert (
            GraphQLClient(token=secret).data("{ viewer { user { username } } }")["viewer"]["user"]["username"] == "vera"
        )
        later = [vera.get("/account/tokens/").text, vera.get("/account/").text]
        stored = [str(each.get_decoded()) for each in Session.objects.all()]
        stored += PluginAuditLog.objects.values_list("text", flat=True)
        cookies = [each.value for each in vera.cookies.values()]
        assert not [each for each in (*later, *stored, *cookies, caplog.text) if secret in each]

    def test_sending_the_form_once_more_makes_no_second_one(self, vera):
        create(vera, name="robot")

        again = create(vera, name="robot")

        assert again.status_code == 422 and "You already have a token" in again.text
        assert ApiToken.objects.count() == 1

    def test_it_has_the_limits_that_were_chosen(self, vera):
        create(vera, name="robot", expires_on="2999-12-31", only_customer="acme", maximum_role="VIEWER")

        token = ApiToken.objects.get()
        assert (token.only_customer.slug, token.maximum_role) == ("acme", "viewer")
        assert token.expires_at.isoformat() == "2999-12-31T23:59:59+00:00"
        row = vera.get("/account/tokens/").text
        assert "<bdi>Acme Corp</bdi>, at most viewer" in row and "2999-12-31 23:59:59 UTC" in row

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ({"name": " "}, "This can&#x27;t be empty."),
            ({"name": "x" * 101}, "This can&#x27;t be longer than 100 characters."),
            ({"name": "a\tb"}, "This can&#x27;t contain control characters."),
            ({"expires_on": "2020-01-01"}, "A token must expire in the future."),
            ({"expires_on": "tomorrow"}, "This is not a day."),
            ({"only_customer": "globex"}, "There is no customer &#x27;globex&#x27;."),
            ({"only_customer": "nowhere"}, "There is no customer &#x27;nowhere&#x27;."),
        ],
    )
    def test_what_is_refused_is_explained_and_the_rest_is_kept(self, vera, typed, message):
        refused = create(vera, **{"name": "robot", "maximum_role": "VIEWER", **typed})

        assert refused.status_code == 422 and message in refused.text
        kept = find_form(refused.text, "expires_on").entries
        assert kept["maximum_role"] == "VIEWER"
        assert not ApiToken.objects.exists()

    def test_a_role_that_there_is_not_makes_no_token_without_a_limit(self, vera):
        assert create(vera, maximum_role="KING").status_code == 400
        assert not ApiToken.objects.exists()

    def test_the_list_says_when_each_was_used_and_whether_it_is_valid(self, vera):
        user, now = User.objects.get(username="vera"), timezone.now()
        make_token(user, name="fresh")
        make_token(user, name="used", last_used_at=now)
        make_token(user, name="over", expires_at=now - timedelta(days=1))
        make_token(user, name="ended", revoked_at=now)

        page = vera.get("/account/tokens/").text

        rows = dict(re.findall(r'<th scope="row"><bdi>(\w+)</bdi></th>(.*?)</tr>', page, re.S))
        states = {name: re.search(r'class="status \w+">(\w+)<', row).group(1) for name, row in rows.items()}
        assert states == {"ended": "Revoked", "fresh": "Valid", "over": "Expired", "used": "Valid"}
        # On a telephone a row is a card, where each value is named and what ends the token can be seen.
        assert 'data-label="Expires"' in rows["fresh"] and '<table class="list">' in page
        assert "never" in rows["fresh"] and rows["used"].count("<time") == 1
        assert [each.entries["id"] != "" for each in read_forms(page) if "id" in each.entries] == [True] * 3

    def test_revoking_ends_it_and_says_so(self, vera):
        secret = make_token(User.objects.get(username="vera"), name="robot")
        form = find_form(vera.get("/account/tokens/").text, "id")

        done = vera.post(form.action, form.entries)

        assert done["Location"] == "/account/tokens/"
        page = vera.get(done["Location"]).text
        assert "The token “robot” was revoked" in page and "mutation RevokeApiToken" in page
        assert GraphQLClient(token=secret).code("{ viewer { user { id } } }") == "UNAUTHENTICATED"

    def test_somebody_elses_looks_like_one_that_does_not_exist(self, vera, browse):
        make_token(User.objects.get(username="ann"), name="theirs")
        theirs = find_form(browse("ann").get("/account/tokens/").text, "id").entries["id"]
        pages = []

        for wanted in (theirs, "nothing"):
            vera.post("/account/tokens/revoke/", {"id": wanted})
            pages.append(re.findall(r'<p class="message error"[^>]*>(.*?)</p>', vera.get("/account/tokens/").text))

        assert pages == [["You have no token with this id."]] * 2


class TestTokensOfACustomer:
    @pytest.fixture(autouse=True)
    def _robot(self, acme: Customer) -> None:
        make_token(User.objects.get(username="vera"), name="robot", only_customer=acme, maximum_role=Role.VIEWER)
        make_token(User.objects.get(username="vera"), name="everywhere")

    def test_its_admins_see_those_that_are_valid_for_it_alone(self, browse):
        page = browse("ann").get("/c/acme/manage/tokens/").text

        assert '<th scope="row"><bdi>robot</bdi></th>' in page and "everywhere" not in page
        assert '<bdi title="vera">vera</bdi>' in page
        assert "query CustomerTokens" in page

    def test_they_end_one_with_a_reason(self, browse):
        ann = browse("ann")
        form = find_form(ann.get("/c/acme/manage/tokens/").text, "id", "reason")

        done = ann.post(form.action, {**form.entries, "reason": "It has left."})

        assert "The token “robot” was revoked" in ann.get(done["Location"]).text
        row = PluginAuditLog.objects.latest("position")
        assert (row.customer_slug, row.actor_name, row.reason) == ("acme", "ann", "It has left.")

    @pytest.mark.parametrize("who", ["vera", "oscar"])
    def test_others_are_told_that_only_admins_see_them(self, browse, who):
        page = browse(who).get("/c/acme/manage/tokens/")

        assert page.status_code == 403 and "Only admins see the API tokens of a customer." in page.text

    def test_others_end_none(self, browse):
        wanted = find_form(browse("ann").get("/c/acme/manage/tokens/").text, "id").entries["id"]

        browse("oscar").post("/c/acme/manage/tokens/revoke/", {"id": wanted})

        assert not ApiToken.objects.exclude(revoked_at=None).exists()

    def test_without_any_it_says_where_they_are_made(self, browse):
        ApiToken.objects.all().delete()

        assert "No token is valid for Acme Corp alone." in browse("ann").get("/c/acme/manage/tokens/").text
