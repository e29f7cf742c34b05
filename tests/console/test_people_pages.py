"""The members of a customer and its invitations, as its admins manage them."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.console.conftest import SYSTEM
from tests.console.forms import find_form
from tests.console.test_customer_pages import follow, main_of
from tests.databases import one_database_is_enough
from tests.factories import make_member, make_user
from webnet.accounts import customers, invitations
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Invitation, Membership, Role, User

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

MEMBERS = "/c/acme/manage/members/"
INVITATIONS = f"{MEMBERS}invitations/"
REVOKE = f"{INVITATIONS}revoke/"


def address_of(username: str) -> str:
    return reverse("member", kwargs={"customer": "acme", "username": username})


def rows_of(response) -> list[str]:
    return re.findall(r'<th scope="row"><bdi>([^<]*)</bdi>', main_of(response))


def role_of(username: str) -> str | None:
    found = Membership.objects.filter(user__username=username, customer__slug="acme")
    return found.values_list("role", flat=True).first()


def invite(username: str = "gus", **wanted) -> Invitation:
    made = invitations.invite(actor=SYSTEM, customer="acme", role=Role.VIEWER, username=username, **wanted)
    return made.invitation


def test_members_are_listed_with_their_roles_the_viewer_and_the_only_admin(browse):
    page = main_of(browse("ann").get(MEMBERS))

    assert rows_of(browse("ann").get(MEMBERS)) == ["ann", "oscar", "vera"]
    assert re.search(r'<bdi>ann</bdi>\s*<span class="tag">you</span>', page)
    assert re.search(r'Admin\s*<span class="tag">the only admin</span>', page)
    assert "3 members" in page


def test_members_are_searched_and_filtered_by_role(browse, acme):
    make_member("bob", acme, Role.OPERATOR, name="Roberta", email="bob@example.com")
    ann = browse("ann")

    assert rows_of(ann.get(f"{MEMBERS}?q=ROBERTA")) == ["bob"]
    assert rows_of(ann.get(f"{MEMBERS}?q=bob@example")) == ["bob"]
    assert rows_of(ann.get(f"{MEMBERS}?role=OPERATOR")) == ["bob", "oscar"]
    assert "No member matches." in main_of(ann.get(f"{MEMBERS}?q=gus"))
    assert ann.get(f"{MEMBERS}?role=OWNER").status_code == 400
    assert ann.get(f"{MEMBERS}?q=%00").status_code == 200
    assert ann.get(f"{MEMBERS}?after=x").status_code == 400


def test_thousands_of_members_are_listed_in_pages_with_few_statements(browse, acme):
    users = User.objects.bulk_create(User(username=f"user-{n:04}", password="!") for n in range(2_000))
    Membership.objects.bulk_create(Membership(user=each, customer=acme, role="viewer") for each in users)
    ann = browse("ann")
    ann.get(MEMBERS)

    with CaptureQueriesContext(connection) as captured:
        first = ann.get(f"{MEMBERS}?q=user")
    second = ann.get(f"{MEMBERS}{follow(first, 'next')}")

    assert len(captured) <= 12
    assert (len(rows_of(first)), rows_of(second)[0]) == (50, "user-0050")


@pytest.mark.parametrize("username", ["vera", "oscar"])
@pytest.mark.parametrize("address", [MEMBERS, INVITATIONS, address_of("vera"), address_of("nobody")])
def test_lower_roles_are_told_who_may(browse, username, address):
    answer = browse(username).get(address)

    assert answer.status_code == 403
    assert "Only admins see the members, and change them." in main_of(answer)


def test_a_role_is_changed_with_a_reason(browse):
    done = browse("ann").post(
        address_of("vera"), {"do": "change", "role": "OPERATOR", "reason": "new job"}, follow=True
    )

    assert done.redirect_chain == [(MEMBERS, 302)]
    assert "The role of vera was changed." in main_of(done) and "mutation SetMember" in done.text
    assert role_of("vera") == "operator"
    assert PluginAuditLog.objects.get(action="set_member").reason == "new job"


def test_removing_says_what_it_means_and_removes(browse):
    ann = browse("ann")

    asked = main_of(ann.get(address_of("vera")))
    done = ann.post(address_of("vera"), {"do": "remove", "reason": "left"}, follow=True)

    assert "vera loses access to Acme Corp at once, in the browser and with API tokens." in asked
    assert "vera is no longer a member." in main_of(done)
    assert role_of("vera") is None
    assert browse("vera").get("/c/acme/").status_code == 404


@pytest.mark.parametrize("sent", [{"do": "remove"}, {"do": "change", "role": "VIEWER"}])
def test_the_last_admin_stays_and_the_reason_is_beside_the_form(browse, sent):
    answer = browse("ann").post(address_of("ann"), {**sent, "reason": "tired"})

    page = main_of(answer)
    assert answer.status_code == 403
    assert "'ann' is the last admin of 'acme': only a platform operator can change that." in page
    assert 'value="tired"' in page
    assert role_of("ann") == "admin"


def test_the_page_of_the_only_admin_says_so_before_anything_is_tried(browse):
    assert "ann is the only admin of Acme Corp" in main_of(browse("ann").get(address_of("ann")))
    assert "the only admin of" not in main_of(browse("ann").get(address_of("vera")))


@pytest.mark.parametrize(("sent", "place"), [({"do": "remove"}, "/"), ({"do": "change", "role": "VIEWER"}, "/c/acme/")])
def test_whoever_lowers_themselves_goes_where_they_still_may(browse, acme, sent, place):
    make_member("abe", acme, Role.ADMIN)
    abe = browse("abe")

    asked = main_of(abe.get(address_of("abe")))
    done = abe.post(address_of("abe"), sent, follow=True)

    assert "This is you: with a lower role, you can’t open these pages any more." in asked  # noqa: RUF001 - the page's own
    assert (done.redirect_chain, done.status_code) == ([(place, 302)], 200)


def test_a_platform_operator_may_remove_the_last_admin(browse):
    done = browse("platform").post(address_of("ann"), {"do": "remove"}, follow=True)

    assert done.status_code == 200
    assert role_of("ann") is None


def test_a_name_of_nobody_looks_like_that_of_another_customers_member(browse):
    ann = browse("ann")

    assert ann.get(address_of("gus")).status_code == ann.get(address_of("nobody")).status_code == 404
    for method, sent in (("change", {"role": "VIEWER"}), ("remove", {})):
        answers = [ann.post(address_of(name), {"do": method, **sent}) for name in ("gus", "nobody")]
        assert answers[0].status_code == answers[1].status_code
    assert ann.get(address_of("x" * 10_000)).status_code == 404


def test_a_platform_operator_adds_somebody_who_has_an_account(browse):
    platform = browse("platform")
    form = find_form(platform.get(MEMBERS).text, "username", "reason")
    sent = {**form.entries, "username": "gus", "role": "OPERATOR", "reason": "Helps."}

    done = platform.post(MEMBERS, sent, follow=True)
    refused = platform.post(MEMBERS, {**sent, "username": "nobody"})

    assert form.action == f"{MEMBERS}#add" and "gus has the role for Acme Corp." in done.text
    assert role_of("gus") == "operator"
    assert PluginAuditLog.objects.get(action="set_member", outcome="succeeded").reason == "Helps."
    kept = find_form(refused.text, "username", "reason").entries
    assert refused.status_code == 422 and "There is no user &#x27;nobody&#x27;." in refused.text
    assert (kept["username"], kept["reason"]) == ("nobody", "Helps.")
    assert re.findall(r'value="(\w+)" required checked', refused.text) == ["OPERATOR"]


def test_an_admin_can_only_invite_and_learns_of_no_account(browse):
    ann = browse("ann")
    sent = {"role": "VIEWER", "reason": ""}

    answers = [ann.post(MEMBERS, {**sent, "username": name}) for name in ("gus", "nobody")]

    assert "Add somebody who has an account" not in ann.get(MEMBERS).text
    assert {each.status_code for each in answers} == {422} and role_of("gus") is None
    assert main_of(answers[0]) == main_of(answers[1])


def test_a_role_that_there_is_not_is_refused(browse):
    assert browse("ann").post(address_of("vera"), {"do": "change", "role": "OWNER"}).status_code == 400
    assert role_of("vera") == "viewer"


@pytest.mark.parametrize("address", [MEMBERS, address_of("vera"), INVITATIONS])
def test_lower_roles_change_nothing(browse, address):
    answer = browse("oscar").post(address, {"do": "remove", "username": "gus", "role": "ADMIN"})

    assert answer.status_code == 403
    assert role_of("vera") == "viewer" and not Invitation.objects.exists()


def test_the_address_of_an_invitation_is_shown_once_with_a_button_that_copies(browse):
    ann = browse("ann")

    made = ann.post(INVITATIONS, {"username": "gus", "email": "", "role": "OPERATOR", "reason": "helps"})
    again = ann.get(INVITATIONS)

    address = re.search(r'id="address" value="([^"]*)"', made.text)[1]
    assert made.status_code == 200 and "gus is invited" in main_of(made)
    assert 'type="button" data-copy="address" hidden' in made.text
    assert rows_of(made) == rows_of(again) == ["gus"]
    assert address.rpartition("/invitations/")[2] not in again.text
    assert browse("gus").get(address).status_code == 200
    assert PluginAuditLog.objects.get(action="invite_member").reason == "helps"
    assert "no-store" in made["Cache-Control"]


def test_the_graphql_of_an_invitation_has_no_token(browse):
    made = browse("ann").post(INVITATIONS, {"email": "zoe@example.com", "role": "VIEWER"})

    shown = re.search(r'<details class="graphql">.*', made.text, re.S).group()
    assert "mutation InviteMember" in shown and "zoe@example.com" in shown
    assert "wi_" not in shown


def test_an_invited_person_accepts_and_is_a_member(browse):
    make_user("new")
    newcomer = Client()
    newcomer.force_login(User.objects.get(username="new"), backend=SESSION_BACKEND)
    made = browse("ann").post(INVITATIONS, {"username": "new", "role": "VIEWER"})
    address = re.search(r'id="address" value="([^"]*)"', made.text)[1]

    page = newcomer.get(address)
    fields = dict(re.findall(r'name="(token)" value="([^"]*)"', page.text))
    done = newcomer.post("/invitations/", fields, follow=True)

    assert done.redirect_chain == [("/c/acme/", 302)]
    assert rows_of(browse("ann").get(f"{INVITATIONS}?status=ACCEPTED")) == ["new"]
    assert "new" in rows_of(browse("ann").get(MEMBERS))


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({}, "username", "Give either a username or an email address."),
        ({"username": "gus", "email": "gus@example.com"}, "username", "Give either a username or an email address."),
        ({"username": "g u s"}, "username", "This can't be a username."),
        ({"email": "nowhere"}, "email", "address"),
        ({"username": "vera"}, "username", "'vera' is a member of 'acme' already"),
        ({"username": "x" * 10_000}, "username", "This can't be a username."),
    ],
)
def test_what_is_wrong_with_an_invitation_is_said_at_its_field(browse, sent, field, message):
    answer = browse("ann").post(INVITATIONS, {"role": "OPERATOR", "reason": "why", **sent})

    page = main_of(answer)
    assert answer.status_code == 422
    assert message in re.search(rf'id="{field}-error">([^<]*)', page)[1]
    assert 'value="OPERATOR" required checked' in page and 'value="why"' in page
    assert not Invitation.objects.exists()


def test_invitations_are_listed_by_what_has_become_of_them(browse):
    made = {name: invite(name) for name in ("open", "accepted", "revoked", "late")}
    Invitation.objects.filter(username="accepted").update(accepted_at=made["open"].created_at)
    Invitation.objects.filter(username="revoked").update(revoked_at=made["open"].created_at)
    Invitation.objects.filter(username="late").update(expires_at=made["open"].created_at)
    ann = browse("ann")

    def names(query: str) -> list[str]:
        return sorted(rows_of(ann.get(f"{INVITATIONS}{query}")))

    assert names("") == names("?status=OPEN") == ["open"]
    assert names("?status=ACCEPTED") == ["accepted"]
    assert names("?status=REVOKED") == ["revoked"]
    assert names("?status=EXPIRED") == ["late"]
    assert names("?status=") == ["accepted", "late", "open", "revoked"]
    assert main_of(ann.get(f"{INVITATIONS}?status=")).count("Revoke<") == 1 + 1  # the heading, and the open one
    assert ann.get(f"{INVITATIONS}?status=LOST").status_code == 400


def test_without_any_the_list_says_what_to_do(browse):
    assert "No invitation is open. Invite somebody above." in main_of(browse("ann").get(INVITATIONS))


def test_an_open_invitation_is_revoked(browse):
    invite()
    ann = browse("ann")
    found = html.unescape(re.search(r'name="id" value="([^"]*)"', ann.get(INVITATIONS).text)[1])

    done = ann.post(REVOKE, {"id": found}, follow=True)

    assert "The invitation of gus was revoked." in main_of(done)
    assert rows_of(done) == []
    assert Invitation.objects.get().revoked_at is not None


@pytest.mark.parametrize("other", ["", "x", "a foreign one"])
def test_an_invitation_that_is_not_the_customers_can_t_be_revoked(browse, other):
    invitations.invite(actor=SYSTEM, customer="globex", role=Role.VIEWER, username="zoe")
    gus = browse("gus")
    foreign = re.search(r'name="id" value="([^"]*)"', gus.get("/c/globex/manage/members/invitations/").text)[1]

    answer = browse("ann").post(REVOKE, {"id": foreign if other == "a foreign one" else other})

    assert answer.status_code == 422
    assert "'acme' has no invitation with this id." in main_of(answer)
    assert Invitation.objects.get().revoked_at is None


def test_nobody_is_invited_to_a_customer_that_is_not_active(browse):
    customers.update(actor=SYSTEM, customer="acme", is_active=False)
    ann = browse("ann")

    page = main_of(ann.get(INVITATIONS))
    answer = ann.post(INVITATIONS, {"username": "gus", "role": "VIEWER"})

    assert "nobody can be invited until a platform operator reactivates it" in page
    assert answer.status_code == 422 and "'acme' is inactive: ask a platform operator." in main_of(answer)


def test_names_of_people_are_text_and_no_markup(browse, acme):
    make_member("zed", Customer.objects.get(slug="acme"), name="<script>alert(1)</script>")

    assert "<script>alert" not in browse("ann").get(MEMBERS).text
    assert "<script>alert" not in browse("ann").get(address_of("zed")).text


def test_many_invitations_take_few_statements(browse, acme):
    ann = browse("ann")
    invite("first")
    ann.get(INVITATIONS)
    for number in range(60):
        invite(f"user-{number:02}")

    with CaptureQueriesContext(connection) as captured:
        page = ann.get(INVITATIONS)

    assert len(rows_of(page)) == 50
    assert len(captured) <= 12
