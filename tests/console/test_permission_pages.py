"""Permissions by role: what each may do, why, and how admins give and take."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.console.conftest import SYSTEM
from tests.console.test_customer_pages import follow, main_of
from tests.databases import one_database_is_enough
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Role
from webnet.plugins.base import Permission, PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

PERMISSIONS = "/c/acme/manage/permissions/"
SECRET = "/c/acme/plugins/pages/secret/"


def cells_of(response) -> dict[str, tuple[str, str]]:
    """By codename and role: whether the role may, and which choice is selected."""
    page = main_of(response)
    grants = re.findall(r'<span class="grant \w+">([^<]*)</span>', page)
    cells = re.findall(r'name="now:([^"]*)".*?<option value="(\w+)" selected>', page, re.S)
    return {name: (grant, chosen) for grant, (name, chosen) in zip(grants, cells, strict=True)}


def decide(browser, reason: str = "", /, was: str = "default", **cells: str):
    """Send the form with these cells of `pages.read` changed, as a browser does."""
    sent = {"reason": reason}
    for role in Role:
        now = cells.get(role.value, was)
        sent |= {f"was:pages.read:{role.name}": was, f"now:pages.read:{role.name}": now}
    return browser.post(PERMISSIONS, sent, follow=True)


@pytest.fixture
def many(install):
    """A plugin with more permissions than a page has."""

    class Many(PluginBase):
        name = "many"
        version = "1"

        def get_permissions(self) -> list[Permission]:
            return [Permission(name=f"p{n:02}", description=f"May do {n}.", minimum_role="admin") for n in range(60)]

    install(Many(), enabled=True)


def test_each_role_has_what_it_may_do_by_default(browse):
    page = browse("ann").get(PERMISSIONS)

    assert cells_of(page) == {
        "pages.read:VIEWER": ("may not", "default"),
        "pages.read:OPERATOR": ("may", "default"),
        "pages.read:ADMIN": ("may", "default"),
    }
    assert "A Book of Pages" in main_of(page) and "May read." in main_of(page)


def test_the_table_says_what_each_cell_is_for(browse):
    page = main_of(browse("ann").get(PERMISSIONS))

    assert re.findall(r'<th scope="col">(\w+)</th>', page) == ["Permission", "Viewer", "Operator", "Admin"]
    assert 'scope="rowgroup"' in page and '<th scope="row">May read.' in page
    assert re.findall(r'<select [^>]*aria-label="([^"]*)"', page) == [
        "pages.read, Viewer",
        "pages.read, Operator",
        "pages.read, Admin",
    ]


def test_a_permission_is_given_with_a_reason_and_the_member_opens_the_page(browse):
    vera = browse("vera")
    assert vera.get(SECRET).status_code == 403

    done = decide(browse("ann"), "she asked", viewer="given")

    assert "1 permission was changed." in main_of(done)
    assert cells_of(done)["pages.read:VIEWER"] == ("may", "given")
    assert vera.get(SECRET).status_code == 200
    row = PluginAuditLog.objects.get(action="set_role_permission")
    assert (row.reason, row.after) == ("she asked", {"permission": "pages.read", "role": "viewer", "granted": True})


def test_several_are_changed_at_once_and_only_those_that_were_chosen(browse):
    done = decide(browse("ann"), viewer="given", admin="taken")

    assert "2 permissions were changed." in main_of(done)
    assert cells_of(done) == {
        "pages.read:VIEWER": ("may", "given"),
        "pages.read:OPERATOR": ("may", "default"),
        "pages.read:ADMIN": ("may not", "taken"),
    }
    assert done.text.count("mutation SetRolePermission") == 2


def test_a_cell_goes_back_to_its_default(browse):
    ann = browse("ann")
    decide(ann, operator="taken")

    sent = {"was:pages.read:OPERATOR": "taken", "now:pages.read:OPERATOR": "default"}
    done = ann.post(PERMISSIONS, sent, follow=True)

    assert cells_of(done)["pages.read:OPERATOR"] == ("may", "default")


def test_an_old_page_does_not_undo_what_another_admin_has_changed_since(browse):
    manager.set_permission("pages.read", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=True)

    done = decide(browse("ann"), admin="taken")

    assert cells_of(done)["pages.read:VIEWER"] == ("may", "given")
    assert cells_of(done)["pages.read:ADMIN"] == ("may not", "taken")


def test_saving_without_a_change_says_so(browse):
    assert "Nothing was changed." in main_of(decide(browse("ann")))


def test_a_plugin_that_is_off_is_marked_and_can_be_decided_all_the_same(browse):
    manager.disable("pages", actor=SYSTEM, customer="acme")
    ann = browse("ann")

    assert "Off: grants nothing now" in main_of(ann.get(PERMISSIONS))
    assert "1 permission was changed." in main_of(decide(ann, viewer="given"))


def test_operators_see_the_matrix_and_change_nothing(browse):
    manager.set_permission("pages.read", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=True)
    manager.set_permission("pages.read", actor=SYSTEM, customer="acme", role=Role.ADMIN, granted=False)
    oscar = browse("oscar")

    page = main_of(oscar.get(PERMISSIONS))
    answer = decide(oscar, viewer="taken")

    assert "Only admins change this." in page and "<select" not in page and "Save" not in page
    assert ">given</span>" in page and ">by default</span>" in page and ">taken</span>" in page
    assert answer.status_code == 403
    assert "This needs the role admin for 'acme'" in main_of(answer)


def test_a_role_that_has_it_from_a_lower_one_says_so(browse, many):
    manager.set_permission("many.p00", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=True)

    page = main_of(browse("oscar").get(f"{PERMISSIONS}?q=many.p00"))

    assert page.count("given to a lower role") == 1


def test_viewers_are_told_who_may(browse):
    answer = browse("vera").get(PERMISSIONS)

    assert answer.status_code == 403
    assert "Only operators and admins see the permissions" in main_of(answer)


@pytest.mark.parametrize(
    ("cell", "value", "status"),
    [
        ("pages.read:OWNER", "given", 400),
        ("pages.read:VIEWER", "perhaps", 400),
        ("pages.nothing:VIEWER", "given", 422),
        ("unheard.read:VIEWER", "given", 422),
        ("x", "given", 400),
        ("\0:VIEWER", "given", 400),
    ],
)
def test_what_is_no_cell_is_refused(browse, cell, value, status):
    answer = browse("ann").post(PERMISSIONS, {f"now:{cell}": value, f"was:{cell}": "default"})

    assert answer.status_code == status
    assert not CustomerPluginConfig.objects.exclude(permissions={}).exists()


def test_a_refusal_in_the_middle_says_what_was_done_and_keeps_what_was_chosen(browse):
    sent = {
        "reason": "why",
        "now:pages.read:VIEWER": "given",
        "was:pages.read:VIEWER": "default",
        "now:pages.gone:VIEWER": "given",
        "was:pages.gone:VIEWER": "default",
        "now:pages.read:ADMIN": "taken",
        "was:pages.read:ADMIN": "default",
    }

    answer = browse("ann").post(PERMISSIONS, sent)

    assert answer.status_code == 422
    # The others are changed, also those after it.
    assert "2 permissions were changed." in main_of(answer)
    assert "<code>pages.gone</code>, viewer: There is no permission" in main_of(answer)
    assert cells_of(answer)["pages.read:VIEWER"] == ("may", "given")
    assert cells_of(answer)["pages.read:ADMIN"] == ("may not", "taken")
    assert 'value="why"' in main_of(answer)


def test_many_permissions_come_in_pages_and_are_searched(browse, many):
    ann = browse("ann")

    first = ann.get(PERMISSIONS)
    second = ann.get(f"{PERMISSIONS}{follow(first, 'next')}")

    assert len(cells_of(first)) == 150 and len(cells_of(second)) == 30
    assert len(cells_of(ann.get(f"{PERMISSIONS}?q=may do 7."))) == 3
    assert "No permission matches." in main_of(ann.get(f"{PERMISSIONS}?q=nothing"))
    assert ann.get(f"{PERMISSIONS}?page=x").status_code == ann.get(f"{PERMISSIONS}?page=99").status_code == 200


def test_the_page_takes_as_many_statements_for_many_as_for_few(browse, many):
    counts = []
    for query in ("?q=pages.read", ""):
        ann = browse("ann")
        ann.get(PERMISSIONS)
        with CaptureQueriesContext(connection) as captured:
            ann.get(f"{PERMISSIONS}{query}")
        counts.append(len(captured))

    assert counts[0] == counts[1] <= 12


def test_without_plugins_the_page_says_what_would_be_there(browse):
    manager.disable("pages", actor=SYSTEM)

    assert "No plugin of this customer has permissions." in main_of(browse("gus").get("/c/globex/manage/permissions/"))
