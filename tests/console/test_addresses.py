"""Every address of the console, for everybody: the table has a row for each, and a new one without a row fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.databases import one_database_is_enough
from webnet.console.urls import urlpatterns
from webnet.customers.models import Customer

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

# Admin of another customer; viewer, operator and admin of the customer; operator of the platform.
VIEWERS = ("signed out", "gus", "vera", "oscar", "ann", "platform")
SIGN_IN, OK, NO, MISSING, POST_ONLY, MOVED = 302, 200, 403, 404, 405, 302


@dataclass(frozen=True)
class Row:
    """What each of VIEWERS gets for a GET; `arguments` complete the address."""

    signed_out: int
    other: int
    viewer: int
    operator: int
    admin: int
    platform: int
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def statuses(self) -> tuple[int, ...]:
        return (self.signed_out, self.other, self.viewer, self.operator, self.admin, self.platform)


OWN = {"customer": "acme"}
PLUGIN = {"plugin": "pages"}
PAGE = {**OWN, **PLUGIN}
EVERYBODY = (SIGN_IN, OK, OK, OK, OK, OK)
MEMBERS = (SIGN_IN, MISSING, OK, OK, OK, OK)
OPERATORS = (SIGN_IN, MISSING, NO, OK, OK, OK)
ADMINS = (SIGN_IN, MISSING, NO, NO, OK, OK)
PLATFORM_ONLY = (SIGN_IN, MISSING, MISSING, MISSING, MISSING, OK)
ONLY_POST = (POST_ONLY,) * 6

TABLE = {
    "home": Row(*EVERYBODY),
    "sign-in": Row(*(OK,) * 6),
    "sign-out": Row(*ONLY_POST),
    "invitations": Row(*ONLY_POST),
    # Whoever has the link sees that it can't be accepted.
    "invitation": Row(*EVERYBODY, {"token": "wni_unknown"}),
    "account": Row(*EVERYBODY),
    "account-password": Row(*EVERYBODY),
    "account-preferences": Row(*EVERYBODY),
    "account-tokens": Row(*EVERYBODY),
    "account-revoke-token": Row(*ONLY_POST),
    "customers": Row(*EVERYBODY),
    "switcher": Row(*(MOVED,) * 6),
    "users": Row(*PLATFORM_ONLY),
    "user": Row(*PLATFORM_ONLY, {"username": "vera"}),
    "user-switch": Row(*PLATFORM_ONLY, {"username": "vera"}),
    "workers": Row(*PLATFORM_ONLY),
    "keys": Row(*PLATFORM_ONLY),
    "audit": Row(*PLATFORM_ONLY),
    "audit-export": Row(*PLATFORM_ONLY),
    "audit-row": Row(SIGN_IN, *(MISSING,) * 5, {"row": "unknown"}),
    "plugins": Row(*PLATFORM_ONLY),
    "plugin-switch": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-customers": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-settings": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-settings-history": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-settings-revert": Row(*PLATFORM_ONLY, {**PLUGIN, "revision": 0}),
    "plugin": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-contributions": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-health": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-activity": Row(*PLATFORM_ONLY, PLUGIN),
    "plugin-versions": Row(*PLATFORM_ONLY, PLUGIN),
    "customer-new": Row(*PLATFORM_ONLY),
    "customer-default": Row(*ONLY_POST),
    "customer": Row(*MEMBERS, OWN),
    "tokens": Row(*ADMINS, OWN),
    "revoke-customer-token": Row(*ONLY_POST, OWN),
    "customer-audit": Row(*OPERATORS, OWN),
    "customer-audit-export": Row(*OPERATORS, OWN),
    "customer-audit-row": Row(SIGN_IN, *(MISSING,) * 5, {**OWN, "row": "unknown"}),
    "customer-plugins": Row(*MEMBERS, OWN),
    "customer-plugin-switch": Row(*OPERATORS, PAGE),
    "customer-plugin-settings": Row(*MEMBERS, PAGE),
    "customer-plugin-settings-history": Row(*OPERATORS, PAGE),
    "customer-plugin-settings-revert": Row(*OPERATORS, {**PAGE, "revision": 0}),
    "customer-problems": Row(*OPERATORS, OWN),
    "customer-overview": Row(*MEMBERS, OWN),
    "customer-switch": Row(*PLATFORM_ONLY, OWN),
    "members": Row(*ADMINS, OWN),
    "member": Row(*ADMINS, {**OWN, "username": "vera"}),
    "member-invitations": Row(*ADMINS, OWN),
    "member-invitation-revoke": Row(*ONLY_POST, OWN),
    "permissions": Row(*OPERATORS, OWN),
    "plugin-pages-without-slash": Row(*(MOVED,) * 6, PAGE),
    "plugin-pages": Row(*MEMBERS, PAGE),
    "plugin-page": Row(*MEMBERS, {**PAGE, "path": "framed/"}),
    "customer-plugin": Row(*MEMBERS, PAGE),
    "customer-plugin-contributions": Row(*OPERATORS, PAGE),
    "customer-plugin-health": Row(*MEMBERS, PAGE),
    "customer-plugin-activity": Row(*OPERATORS, PAGE),
    "customer-plugin-versions": Row(*MEMBERS, PAGE),
    "customer-unknown": Row(SIGN_IN, *(MISSING,) * 5, {**OWN, "path": "manage/nothing/"}),
}


def show(client: Client, address: str) -> tuple[int, str]:
    """The status, and the page without what differs for each request."""
    response = client.get(address)
    return response.status_code, response.text


def test_every_address_has_a_row():
    assert [pattern.name for pattern in urlpatterns] == list(dict.fromkeys(pattern.name for pattern in urlpatterns))
    assert {pattern.name for pattern in urlpatterns} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(name, browse, acme):
    row = TABLE[name]
    address = reverse(name, kwargs=row.arguments)

    found = [(Client() if viewer == "signed out" else browse(viewer)).get(address) for viewer in VIEWERS]

    assert tuple(response.status_code for response in found) == row.statuses
    if row.signed_out == SIGN_IN and row.platform != MOVED:
        assert found[0]["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if "customer" in row.arguments])
def test_a_foreign_customer_looks_as_one_that_does_not_exist(name, browse, acme):
    arguments = TABLE[name].arguments
    gus = browse("gus")

    foreign = show(gus, reverse(name, kwargs=arguments))
    missing = show(gus, reverse(name, kwargs={**arguments, "customer": "nowhere"}))

    assert foreign == missing


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if "customer" in row.arguments])
def test_no_address_of_an_inactive_customer_fails(name, browse, acme):
    Customer.objects.filter(slug="acme").update(is_active=False)

    for viewer in ("vera", "platform"):
        assert browse(viewer).get(reverse(name, kwargs=TABLE[name].arguments)).status_code < 500


@pytest.mark.parametrize("name", TABLE)
def test_every_page_has_one_heading_a_language_and_a_title(name, browse, acme):
    response = browse("platform").get(reverse(name, kwargs=TABLE[name].arguments))

    if response.status_code == OK and response["Content-Type"].startswith("text/html") and name != "plugin-pages":
        page = response.text
        assert page.count("<h1") == (0 if name == "plugin-page" else 1)
        assert '<html lang="en"' in page and "<title>" in page
        assert " style=" not in page and "<script>" not in page


def test_every_link_of_the_menu_leads_somewhere(browse, acme):
    """Of each viewer's menu, on the platform's pages and on the customer's."""
    for viewer in VIEWERS[1:]:
        client = browse(viewer)
        starts = ["/"] + ([] if viewer == "gus" else ["/c/acme/"])
        for start in starts:
            frame = client.get(start).context["frame"]
            for item in frame.menu:
                assert client.get(item.url).status_code == OK, (viewer, item.url)
