"""The console's documentation names every page, and no other."""

from __future__ import annotations

import re

from tests.docs.documents import ROOT, Document
from webnet.console.urls import urlpatterns

CONSOLE = Document.read(ROOT / "docs" / "console.md")
# What a page sends to, what leads on by itself, and what mails and menus link to.
PARTS_OF_PAGES = {
    "account-revoke-token",
    "customer-default",
    "customer-unknown",
    "invitation",
    "invitations",
    "member-invitation-revoke",
    "plugin-page",
    "plugin-pages-without-slash",
    "revoke-customer-token",
    "switcher",
}


def addresses_of(row: tuple[str, ...]) -> set[str]:
    """The address in the first cell, and those that the second one names: from the root, or below the first."""
    [first] = re.findall(r"^`([^`]+)`", row[0])
    others = [each for each in re.findall(r"`([^`]+)`", row[1]) if "/" in each]
    return {first, *(each if each.startswith("/") else first + each for each in others)}


def test_every_page_is_in_a_table_and_nothing_else():
    rows = [*CONSOLE.table("address"), *CONSOLE.table("address of a customer")]
    documented = set().union(*(addresses_of(row) for row in rows))

    served = {
        "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", str(each.pattern))
        for each in urlpatterns
        if each.name not in PARTS_OF_PAGES
    }

    assert documented == served | {"/graphql/", "/graphql/<customer>/"}


def test_the_parts_of_pages_exist():
    assert {each.name for each in urlpatterns} >= PARTS_OF_PAGES
