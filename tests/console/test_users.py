"""The users' pages, for platform operators: finding one, making one, and their roles."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from tests.console.forms import find_form, read_forms
from tests.databases import one_database_is_enough
from tests.factories import PASSWORD, make_customer, make_membership, make_user
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Membership, Role, User

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]


@pytest.fixture
def platform(browse) -> Client:
    return browse("platform")


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/users/([^/]+)/">', page)


def create(client: Client, **typed: str):
    form = find_form(client.get("/users/").text, "email")
    return client.post(form.action, {**form.entries, **typed})


def test_everybody_is_listed_with_their_roles(platform):
    make_user("sam", name="Sam Doe", email="sam@example.com", is_active=False)

    page = platform.get("/users/").text

    assert names(page) == ["ann", "gus", "oscar", "platform", "sam", "vera"]
    assert "Acme Corp: admin" in page and "sam@example.com" in page and "Sam Doe" in page
    assert page.count(">Inactive</span>") == 1


def test_they_are_found_by_a_part_of_what_they_are_called_and_by_state(platform):
    make_user("sam", name="Sam Doe", email="sam@example.com", is_active=False)

    assert names(platform.get("/users/?q=DOE").text) == ["sam"]
    assert names(platform.get("/users/?active=no").text) == ["sam"]
    assert names(platform.get("/users/?active=yes&q=a").text) == ["ann", "oscar", "platform", "vera"]
    assert "No user matches." in platform.get("/users/?q=nobody").text


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 3000, "q=%25", "first=9"])
def test_odd_questions_are_answered(platform, query):
    assert platform.get(f"/users/?{query}").status_code == 200


def test_a_wrong_cursor_is_refused(platform):
    assert platform.get("/users/?after=nothing").status_code == 400


def test_they_are_in_pages_that_keep_the_search(platform):
    for number in range(60):
        make_user(f"user-{number:02}")

    first = platform.get("/users/?q=user").text
    following = html.unescape(re.search(r'rel="next" href="([^"]*)"', first).group(1))
    second = platform.get(f"/users/{following}").text

    assert len(names(first)) == 50 and names(second) == [f"user-{number}" for number in range(50, 60)]


def test_one_is_made_and_shown(platform):
    done = create(platform, username="sam", name="Sam", email="sam@example.com", password=PASSWORD, reason="New here.")

    page = platform.get(done["Location"]).text
    assert done["Location"] == "/users/sam/"
    assert "The user “sam” was created." in page and PASSWORD not in page
    assert User.objects.get(username="sam").check_password(PASSWORD)
    assert PluginAuditLog.objects.latest("position").reason == "New here."


def test_without_a_password_nobody_can_sign_in(platform):
    create(platform, username="sam")

    assert not User.objects.get(username="sam").has_usable_password()


def test_each_fault_is_shown_at_its_field_and_what_was_typed_stays(platform):
    refused = create(platform, username="no name", email="x", name="Sam", password="1234")

    errors = dict(re.findall(r'<p class="error" id="([\w-]+)-error">(.*?)</p>', refused.text))
    assert refused.status_code == 422
    assert set(errors) == {"username", "email", "password"}
    kept = find_form(refused.text, "email").entries
    assert (kept["username"], kept["email"], kept["name"], kept["password"]) == ("no name", "x", "Sam", "")


def test_a_taken_name_is_refused(platform):
    assert "There is already a user &#x27;ann&#x27;." in create(platform, username="ann").text


def test_a_user_has_all_their_roles(platform):
    vera = User.objects.get(username="vera")
    for number in range(60):
        make_membership(vera, make_customer(f"customer-{number:02}"), Role.OPERATOR)

    page = platform.get("/users/vera/").text
    following = re.search(r'rel="next" href="(\?after=[^"]*)"', page).group(1)

    assert "Acme Corp" in page and "customer-59" in platform.get(f"/users/vera/{following}").text
    assert "61 customers in all" in platform.get("/users/?q=vera").text


def test_a_role_is_given_changed_and_taken_away(platform):
    form = find_form(platform.get("/users/vera/").text, "role")
    given = platform.post(form.action, {**form.entries, "customer": "globex", "role": "OPERATOR", "reason": "Helps."})
    changed = platform.post(form.action, {**form.entries, "customer": "globex", "role": "ADMIN"})
    roles = set(Membership.objects.filter(user__username="vera").values_list("customer__slug", "role"))
    remove = [each for each in read_forms(platform.get("/users/vera/").text) if each.entries.get("do") == "remove"]
    taken = platform.post(form.action, {"customer": "globex", "do": "remove"})

    assert {each["Location"] for each in (given, changed, taken)} == {"/users/vera/"}
    assert roles == {("acme", "viewer"), ("globex", "admin")}
    assert not remove  # the button, and no field, says what to do
    assert "vera is no longer a member of globex." in platform.get("/users/vera/").text
    assert Membership.objects.filter(user__username="vera").count() == 1


def test_a_refused_role_keeps_what_was_typed(platform):
    refused = platform.post("/users/vera/", {"customer": "nowhere", "role": "ADMIN", "reason": "Why not?"})

    kept = find_form(refused.text, "role").entries
    assert refused.status_code == 422 and "There is no customer &#x27;nowhere&#x27;." in refused.text
    assert (kept["customer"], kept["role"], kept["reason"]) == ("nowhere", "ADMIN", "Why not?")


def test_a_user_is_deactivated_and_reactivated_with_a_reason(browse, platform):
    vera = browse("vera")
    form = find_form(platform.get("/users/vera/switch/").text, "active")

    ended = platform.post(form.action, {**form.entries, "reason": "Has left."})

    page = platform.get(ended["Location"]).text
    assert ended["Location"] == "/users/vera/" and "vera was deactivated." in page
    assert not User.objects.get(username="vera").is_active
    assert PluginAuditLog.objects.get(action="update_user").reason == "Has left."
    assert vera.get("/account/")["Location"].startswith("/sign-in/")
    form = find_form(platform.get("/users/vera/switch/").text, "active")
    assert "vera is active again." in platform.post(form.action, form.entries, follow=True).text
    assert User.objects.get(username="vera").is_active


def test_a_refused_deactivation_says_why_and_keeps_the_reason(platform):
    refused = platform.post("/users/platform/switch/", {"active": "false", "reason": "Enough."})

    assert refused.status_code == 422
    assert "You can&#x27;t deactivate yourself" in refused.text
    assert find_form(refused.text, "active").entries["reason"] == "Enough."


@pytest.mark.parametrize("sent", [{}, {"active": ""}, {"active": "no"}, {"active": "True"}])
@pytest.mark.parametrize("address", ["/users/vera/switch/", "/c/acme/manage/switch/"])
def test_what_says_neither_on_nor_off_switches_nothing(platform, address, sent):
    refused = platform.post(address, sent)

    assert refused.status_code == 400
    assert User.objects.get(username="vera").is_active and Customer.objects.get(slug="acme").is_active


@pytest.mark.parametrize("username", ["nobody", "%00", "x" * 500, "ver", "VERA"])
def test_somebody_who_does_not_exist_is_not_found(platform, username):
    answers = (
        platform.get(f"/users/{username}/"),
        platform.get(f"/users/{username}/switch/"),
        platform.post(f"/users/{username}/switch/", {"active": "false"}),
    )

    assert [each.status_code for each in answers] == [404] * 3


@pytest.mark.parametrize("who", ["ann", "vera", "gus"])
def test_for_others_nothing_is_there_and_nothing_happens(browse, who):
    client = browse(who)

    answers = [
        client.get("/users/").status_code,
        client.get("/users/vera/").status_code,
        client.post("/users/", {"username": "sam"}).status_code,
        client.post("/users/vera/", {"customer": "globex", "role": "ADMIN"}).status_code,
        client.get("/users/vera/switch/").status_code,
        client.post("/users/vera/switch/", {"active": "false"}).status_code,
    ]

    assert answers == [404] * 6
    assert not User.objects.filter(username="sam").exists()
    assert not PluginAuditLog.objects.filter(action__in=["create_user", "set_member", "update_user"]).exists()
