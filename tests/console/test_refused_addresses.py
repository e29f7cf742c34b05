"""A page whose address has a value that does not exist says so in the person's language, and offers a way out."""

from __future__ import annotations

import html
import re

import pytest

from tests.databases import one_database_is_enough

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

GERMAN = {"Accept-Language": "de"}
UNKNOWN = "Die Adresse hat für den Filter „{}“ einen Wert, den es nicht gibt."
NO_PAGE = "Diese Seite der Liste gibt es nicht, oder ihre Adresse ist zu alt."
MANAGE = "/c/acme/manage"


@pytest.mark.parametrize(
    ("page", "query", "label"),
    [
        ("/plugins/", "status=nonsense", "Status"),
        ("/plugins/", "enabled=maybe", "Für alle"),
        ("/plugins/", "health=nonsense&status=LOADED", "Zustand"),
        ("/plugins/", "availability=%00x", "Verfügbarkeit"),
        (f"{MANAGE}/plugins/", "effective=maybe", "Stand"),
        (f"{MANAGE}/plugins/", "health=nonsense", "Zustand"),
        (f"{MANAGE}/plugins/", "availability=nonsense", "Verfügbarkeit"),
        (f"{MANAGE}/members/", "role=OWNER", "Rolle"),
        (f"{MANAGE}/members/invitations/", "status=LOST", "Stand"),
        ("/plugins/pages/customers/", "effective=maybe", "Stand"),
        ("/plugins/pages/customers/", "problem=no", "Problem"),
        ("/plugins/pages/customers/", "active=maybe", "Kunde"),
        ("/customers/", "activity=sleepy", "Stand"),
        ("/users/", "active=maybe", "Angezeigt"),
    ],
)
def test_the_page_names_the_filter_whose_value_does_not_exist(browse, page, query, label):
    answer = browse("platform").get(f"{page}?{query}", headers=GERMAN)

    assert answer.status_code == 400
    assert problem_of(answer.text) == UNKNOWN.format(label)
    assert f'<a href="{page}">Seite ohne Filter zeigen</a>' in answer.text


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("/plugins/?after=%00", "'variables.after' hat ein Zeichen, das nicht gespeichert werden kann"),
        ("/plugins/pages/switch/?action=nonsense", "'action' hat einen Wert, den es nicht gibt"),
        ("/plugins/pages/switch/?action=SET_AVAILABILITY&availability=x", "'availability' hat einen Wert, den es"),
    ],
)
def test_what_the_api_refuses_of_an_address_is_in_the_persons_language(browse, address, reason):
    answer = browse("platform").get(address, headers=GERMAN)

    assert answer.status_code == 400
    assert problem_of(answer.text).startswith(reason)
    assert f'<a href="{address.partition("?")[0]}">Seite ohne Filter zeigen</a>' in answer.text


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("/plugins/?after=nonsense", "/plugins/"),
        ("/audit/?before=nonsense", "/audit/"),
        ("/customers/?q=lobe&after=nonsense", "/customers/?q=lobe"),
    ],
)
def test_a_page_of_a_list_that_does_not_exist_leads_to_the_first_one(browse, address, first):
    """With the filters of the address, which are not at fault."""
    answer = browse("platform").get(address, headers=GERMAN)

    assert answer.status_code == 400
    assert problem_of(answer.text) == NO_PAGE
    assert f'<a href="{first}">Zur ersten Seite der Liste</a>' in answer.text


def test_what_the_api_refuses_of_a_form_is_in_the_persons_language(browse):
    ann = browse("ann", headers=GERMAN)

    answer = ann.post(f"{MANAGE}/members/", {"username": "vera", "role": "KING"})

    assert answer.status_code == 400
    assert problem_of(answer.text).startswith("'input' hat einen Wert, den es nicht gibt")
    assert "Seite ohne Filter" not in answer.text


def problem_of(page: str) -> str:
    found = re.search(r'<p class="problem"[^>]*>(.*?)</p>', page, re.S)
    assert found, page
    return html.unescape(found.group(1))
