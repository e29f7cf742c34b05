"""The history of a plugin's settings, and the way back to a revision, over HTTP."""

from __future__ import annotations

import pytest

from tests.console.settings_plugin import Talker
from tests.databases import one_database_is_enough
from webnet.console.settings_form.labels import BETWEEN
from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, one_database_is_enough]

SYSTEM = Actor.system("tests")
HISTORY = "/c/acme/manage/plugins/talker/settings/history/"
SECRET = "canary-7f3a"


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
