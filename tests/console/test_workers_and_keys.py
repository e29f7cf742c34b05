"""The pages of workers and keys: what they say of old code and of keys that can go, to platform operators alone."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone

from tests.api.test_installation import AUDIT_NEW, AUDIT_OLD, seal
from tests.plugins.audit_logs import write_rows
from webnet.audit import retention
from webnet.customers.models import Customer
from webnet.plugins.models import PluginConfig, Worker

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
Browse = Callable[..., Client]


def read(client: Client, address: str) -> str:
    """The text of the page, without that of the documents."""
    page = client.get(address).text.partition('<details class="graphql">')[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def make_worker(token: str, **values: Any) -> None:
    now = timezone.now()
    Worker.objects.create(
        **{"token": token, "host": "web-1", "process_id": 7, "webnet_version": "9.0", "plugins": {"pages": "1.0"}}
        | {"started_at": now - timedelta(hours=1), "seen_at": now}
        | values
    )


def test_a_worker_with_old_code_is_named_with_what_is_old_and_what_to_do(acme: Customer, browse: Browse) -> None:
    make_worker("new")
    assert "old code" not in read(browse("platform"), "/workers/")
    make_worker("old", process_id=8, plugins={"pages": "0.9"})

    page = read(browse("platform"), "/workers/")

    assert "1 worker runs old code: restart it with SIGHUP" in page
    assert re.search(r"web-1 · 8 Runs old code 9\.0 pages 0\.9, installed is 1\.0", page)
    assert re.search(r"web-1 · 7 Up to date 9\.0 1 loaded", page)


def test_no_worker_is_a_calm_sentence(acme: Customer, browse: Browse) -> None:
    assert "No worker has reported yet." in read(browse("platform"), "/workers/")


def test_keys_say_which_can_be_removed_and_which_are_missing(acme: Customer, browse: Browse, settings: Any) -> None:
    settings.WEBNET_SETTINGS_KEYS = [NEW]
    seal(PluginConfig.objects.get(name="pages"), 2)
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    settings.WEBNET_AUDIT_KEYS = [AUDIT_OLD]
    write_rows(1)
    retention.make_checkpoint()
    settings.WEBNET_AUDIT_KEYS = [AUDIT_NEW]

    page = read(browse("platform"), "/keys/")

    in_settings, rest = page.split("Checkpoints of the audit log", 1)
    checkpoints, sessions = rest.split("Sessions, cursors and ids", 1)
    assert re.search(r"Current 2 WEBNET_SETTINGS_KEYS", in_settings)
    assert "Nothing needs it any more: it can be removed." in in_settings
    assert "Missing" in checkpoints and "not here" in checkpoints
    assert "WEBNET_SECRET_KEY" in sessions
    assert not [each for each in (NEW, OLD, AUDIT_NEW, AUDIT_OLD, settings.SECRET_KEY) if each in page]


def test_each_page_shows_the_query_that_it_ran(acme: Customer, browse: Browse) -> None:
    for address, query in (("/workers/", "query Workers"), ("/keys/", "query Keys"), ("/audit/", "query AuditLog")):
        assert query in browse("platform").get(address).text
