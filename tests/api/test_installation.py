"""What the platform's operators see of its processes and keys: which run old code, and which key is needed for what."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import webnet
from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.audit import retention
from webnet.customers.models import Customer, Role
from webnet.plugins.health import keys
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginStatus, Worker
from webnet.plugins.runtime import workers
from webnet.plugins.settings import secrets

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = """{ workers {
  id host processId webnetVersion startedAt seenAt isOutdated pluginCount
  outdatedPlugins { name version installedVersion }
} }"""
KEYS = "{ keys { id purpose state fingerprint publicKey source useCount isRemovable } }"
OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
AUDIT_OLD, AUDIT_NEW = "A" * 43 + "=", "B" * 42 + "A="


@pytest.fixture
def platform() -> GraphQLClient:
    return GraphQLClient.of(make_operator())


def make_worker(token: str, *, version: str | None = webnet.__version__, **plugins: str) -> None:
    now = timezone.now()
    Worker.objects.create(
        token=token,
        host="web-1",
        process_id=7,
        plugins=plugins,
        webnet_version=version,
        started_at=now - timedelta(minutes=Worker.objects.count()),
        seen_at=now,
    )


def make_plugin(name: str, version: str | None = "1.0") -> PluginConfig:
    return PluginConfig.objects.create(name=name, verbose_name=name, version=version, status=PluginStatus.LOADED)


def seal(plugin: PluginConfig, count: int, *, customer: Customer | None = None) -> None:
    """Store secrets in one layer, sealed with the key that is the first now."""
    owner = customer.pk if customer is not None else None
    stored = {
        f"/{number}": {"sealed": secrets.seal("s3cret", customer_id=owner, plugin=plugin.name, path=f"/{number}")}
        for number in range(count)
    }
    if customer is None:
        PluginConfig.objects.filter(pk=plugin.pk).update(secrets=stored)
    else:
        CustomerPluginConfig.objects.create(customer=customer, plugin=plugin, secrets=stored)


def of_purpose(client: GraphQLClient, purpose: str) -> list[dict[str, Any]]:
    return [each for each in client.data(KEYS)["keys"] if each["purpose"] == purpose]


def test_a_worker_names_the_plugins_that_it_runs_in_another_version(platform: GraphQLClient) -> None:
    make_plugin("shelf", "2.0")
    make_plugin("broken", None)
    make_worker("new", shelf="2.0", broken="")
    make_worker("old", shelf="1.0", gone="1.0")

    old, new = platform.data(WORKERS)["workers"]

    assert (old["isOutdated"], new["isOutdated"]) == (True, False)
    assert old["outdatedPlugins"] == [{"name": "shelf", "version": "1.0", "installedVersion": "2.0"}]
    assert (new["outdatedPlugins"], new["pluginCount"]) == ([], 2)
    assert (new["host"], new["processId"], new["webnetVersion"]) == ("web-1", 7, webnet.__version__)
    assert old["id"] != new["id"]


@pytest.mark.parametrize(("versions", "outdated"), [(["9.1", "9.0"], [True, False]), (["9.0", None], [True, False])])
def test_a_worker_with_an_older_webnet_than_another_one_is_outdated(
    platform: GraphQLClient, versions: list[str | None], outdated: list[bool]
) -> None:
    for number, version in enumerate(versions):
        make_worker(str(number), version=version)

    assert [each["isOutdated"] for each in platform.data(WORKERS)["workers"]] == outdated


def test_only_live_workers_are_shown_with_what_they_wrote_themselves(platform: GraphQLClient) -> None:
    make_worker("dead")
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=workers.DEAD_AFTER_SECONDS + 1))
    workers.beat("alive")

    (alive,) = platform.data(WORKERS)["workers"]

    assert alive["webnetVersion"] == webnet.__version__ and not alive["isOutdated"]


def test_more_workers_need_no_more_statements(platform: GraphQLClient) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            platform.data(WORKERS)
        return len(found)

    make_worker("first", shelf="1.0")
    count()
    few = count()
    for number in range(20):
        make_worker(str(number), shelf="1.0")

    assert count() == few


@pytest.mark.parametrize("view", [None, "acme"])
def test_workers_and_keys_are_null_for_others(view: str | None) -> None:
    admin = GraphQLClient.of(make_member("ann", make_customer("acme"), Role.ADMIN), view=view)

    assert admin.data("{ workers { id } keys { id } }") == {"workers": None, "keys": None}


def test_a_former_key_of_settings_is_removable_once_nothing_is_sealed_with_it(
    platform: GraphQLClient, settings: Any
) -> None:
    acme, shelf = make_customer("acme"), make_plugin("shelf")
    settings.WEBNET_SETTINGS_KEYS = [OLD]
    seal(shelf, 2)
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    seal(shelf, 3, customer=acme)

    current, former = of_purpose(platform, "SETTINGS")

    assert (current["state"], current["useCount"], current["isRemovable"]) == ("CURRENT", 3, False)
    assert (former["state"], former["useCount"], former["isRemovable"]) == ("FORMER", 2, False)
    assert current["source"] == "WEBNET_SETTINGS_KEYS" and current["fingerprint"] != former["fingerprint"]
    PluginConfig.objects.update(secrets={})
    assert [each["isRemovable"] for each in of_purpose(platform, "SETTINGS")] == [False, True]


def test_secrets_that_no_key_opens_show_that_one_is_missing(platform: GraphQLClient, settings: Any) -> None:
    settings.WEBNET_SETTINGS_KEYS = [LOST]
    seal(make_plugin("shelf"), 2)
    settings.WEBNET_SETTINGS_KEYS = [NEW]

    current, missing = of_purpose(platform, "SETTINGS")

    assert (current["useCount"], current["state"], current["isRemovable"]) == (0, "CURRENT", False)
    assert (missing["state"], missing["useCount"], missing["fingerprint"], missing["source"]) == (
        "MISSING",
        2,
        None,
        None,
    )


def test_more_secrets_than_a_request_can_try_are_not_counted(
    platform: GraphQLClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    seal(make_plugin("shelf"), 3)
    monkeypatch.setattr(keys, "MOST_COUNTED_SECRETS", 2)

    found = of_purpose(platform, "SETTINGS")

    assert [(each["state"], each["useCount"], each["isRemovable"]) for each in found] == [
        ("CURRENT", None, False),
        ("FORMER", None, False),
    ]


def test_reading_the_keys_makes_none(platform: GraphQLClient, settings: Any, tmp_path: Any) -> None:
    settings.WEBNET_SETTINGS_KEYS = settings.WEBNET_AUDIT_KEYS = []
    settings.WEBNET_DATA_DIR = tmp_path

    assert [each["purpose"] for each in platform.data(KEYS)["keys"]] == ["SESSIONS"]
    assert not list(tmp_path.iterdir())


def test_keys_of_checkpoints_count_what_they_have_signed_and_a_missing_one_is_named(
    platform: GraphQLClient, settings: Any
) -> None:
    settings.WEBNET_AUDIT_KEYS = [AUDIT_OLD]
    write_rows(2)
    retention.make_checkpoint()
    settings.WEBNET_AUDIT_KEYS = [AUDIT_NEW, AUDIT_OLD]
    write_rows(2)
    retention.make_checkpoint()

    current, former = of_purpose(platform, "CHECKPOINTS")

    assert (current["state"], current["useCount"], former["state"], former["useCount"]) == ("CURRENT", 1, "FORMER", 1)
    assert current["publicKey"].startswith(current["fingerprint"]) and not former["isRemovable"]
    settings.WEBNET_AUDIT_KEYS = [AUDIT_NEW]
    known, missing = of_purpose(platform, "CHECKPOINTS")
    assert (known["publicKey"], missing["publicKey"]) == (current["publicKey"], former["publicKey"])
    assert (missing["state"], missing["source"]) == ("MISSING", None)


def test_nothing_shows_a_key_or_a_plain_hash_of_one(platform: GraphQLClient, settings: Any) -> None:
    settings.WEBNET_SETTINGS_KEYS, settings.WEBNET_AUDIT_KEYS = [NEW, OLD], [AUDIT_NEW, AUDIT_OLD]
    settings.SECRET_KEY_FALLBACKS = ["the key before " * 4]

    answer = json.dumps(platform.data(KEYS))

    texts = [NEW, OLD, AUDIT_NEW, AUDIT_OLD, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    for text in texts:
        assert text not in answer
        assert hashlib.sha256(text.encode()).hexdigest()[:8] not in answer
    assert [each["source"] for each in of_purpose(platform, "SESSIONS")] == [
        "WEBNET_SECRET_KEY",
        "WEBNET_SECRET_KEY_FALLBACKS",
    ]
