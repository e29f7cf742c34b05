"""What a sync writes about new, changed, failed and missing plugins."""

import pytest

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import PermissionDenied
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.plugins.registry import PluginRegistry

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    verbose_name = "Inventory"
    version = "1.0"
    author = "Ada"
    dependencies = ("sites>=2",)


@pytest.fixture
def operator():
    return actor_for(make_operator())


def test_a_new_plugin_is_added_disabled_with_what_it_says_of_itself(registered, operator):
    registered(Inventory())

    report = manager.sync(actor=operator)

    row = PluginConfig.objects.get()
    assert report.added == ["inventory"] and not row.enabled
    assert (row.verbose_name, row.version, row.author, row.status) == ("Inventory", "1.0", "Ada", PluginStatus.LOADED)
    assert row.dependencies == [{"name": "sites", "specifier": ">=2"}]


def test_a_second_sync_finds_nothing_new(registered, operator):
    registered(Inventory())
    manager.sync(actor=operator)

    report = manager.sync(actor=operator)

    assert (report.added, report.updated, report.missing, report.failed) == ([], [], [], [])


def test_a_new_version_is_an_update_and_the_log_keeps_the_old_one(registered, operator):
    registered(Inventory())
    manager.sync(actor=operator)
    newer = type("Newer", (Inventory,), {"version": "1.1"})
    registered(newer())

    report = manager.sync(actor=operator)

    row = PluginAuditLog.objects.latest("position")
    assert report.updated == ["inventory"]
    assert row.before["inventory"]["version"] == "1.0" and row.after["inventory"]["version"] == "1.1"


def test_what_is_gone_is_missing_and_keeps_what_it_had(registered, operator):
    registered(Inventory())
    manager.sync(actor=operator)
    PluginConfig.objects.update(enabled=True, settings={"kept": True})
    registered()

    report = manager.sync(actor=operator)

    row = PluginConfig.objects.get()
    assert report.missing == ["inventory"] and row.status == PluginStatus.MISSING
    assert row.enabled and row.settings == {"kept": True} and row.version == "1.0"
    registered(Inventory())
    assert manager.sync(actor=operator).updated == ["inventory"]


def test_a_module_with_too_long_a_name_is_a_failed_plugin_and_the_others_are_synced(registered, operator):
    registry = PluginRegistry()
    registry.load(["x" * 120, "y" * 120], host_version="1.0")
    registered(*registry.entries(), Inventory())

    report = manager.sync(actor=operator)

    failed = PluginConfig.objects.filter(status=PluginStatus.FAILED)
    assert len(failed) == 2 and all("No module named" in row.status_reason for row in failed)
    assert report.failed == [entry.name for entry in registry.entries()]
    assert PluginConfig.objects.get(name="inventory").status == PluginStatus.LOADED


def test_only_a_platform_operator_may_sync(registered):
    registered()
    admin = actor_for(make_member("ann", make_customer(), Role.ADMIN))

    with pytest.raises(PermissionDenied):
        manager.sync(actor=admin)
