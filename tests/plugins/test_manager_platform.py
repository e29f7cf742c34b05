"""Enabling, disabling and offering plugins for everybody."""

import pytest

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import DependencyRefusal, HookFailed, NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Sites(PluginBase):
    name = "sites"
    version = "2.0"
    dependencies = ("inventory>=1",)


class Maps(PluginBase):
    name = "maps"
    version = "1.0"
    dependencies = ("sites",)


@pytest.fixture
def operator():
    return actor_for(make_operator())


def enabled_names():
    return set(PluginConfig.objects.filter(enabled=True).values_list("name", flat=True))


def platform_token():
    return Generation.objects.get(customer=None).token


def test_enable_switches_on_renews_the_generation_and_leaves_one_audit_row(install, operator):
    install(Inventory())
    before, rows_before = platform_token(), PluginAuditLog.objects.count()

    change = manager.enable("inventory", actor=operator, reason="wanted")

    assert change.changed and enabled_names() == {"inventory"}
    assert platform_token() != before
    row = PluginAuditLog.objects.order_by("position").last()
    assert PluginAuditLog.objects.count() == rows_before + 1
    assert (row.action, row.outcome, row.reason, row.plugin_version) == ("enable_plugin", "succeeded", "wanted", "1.0")
    assert (row.before["enabled"], row.after["enabled"]) == (False, True)


def test_enabling_what_is_enabled_is_a_success_that_writes_nothing(install, operator):
    install(Inventory())
    manager.enable("inventory", actor=operator)
    token, rows = platform_token(), PluginAuditLog.objects.count()

    change = manager.enable("inventory", actor=operator)

    assert not change.changed
    assert (platform_token(), PluginAuditLog.objects.count()) == (token, rows)


def test_enable_sets_the_availability_of_what_is_on_already(install, operator):
    install(Inventory())
    manager.enable("inventory", actor=operator)

    change = manager.enable("inventory", actor=operator, availability=Availability.DEFAULT_ON)

    assert change.changed
    assert PluginConfig.objects.get().availability == Availability.DEFAULT_ON


def test_a_refused_enable_changes_nothing_and_leaves_an_audit_row(install):
    install(Inventory())
    admin = actor_for(make_member("ann", make_customer(), Role.ADMIN))

    with pytest.raises(PermissionDenied) as refused:
        manager.enable("inventory", actor=admin)

    assert refused.value.code == "OPERATORS_ONLY" and not enabled_names()
    row = PluginAuditLog.objects.latest("position")
    assert (row.outcome, row.error_code, row.actor_name) == ("refused", "OPERATORS_ONLY", "ann")


def test_an_unknown_plugin_is_not_found(install, operator):
    install(Inventory())

    with pytest.raises(NotFound) as refused:
        manager.enable("nowhere", actor=operator)

    assert refused.value.message == "There is no plugin 'nowhere'."


def test_a_raising_hook_leaves_no_change_and_says_whose_it_was(install, operator):
    class Grumpy(Inventory):
        def on_enable(self, context):
            PluginConfig.objects.update(description="half done")
            raise ValueError("a secret detail")

    install(Grumpy())

    with pytest.raises(HookFailed) as failed:
        manager.enable("inventory", actor=operator)

    assert failed.value.plugin_name == "inventory" and "secret" not in failed.value.message
    assert not enabled_names() and PluginConfig.objects.get().description != "half done"
    assert PluginAuditLog.objects.latest("position").outcome == "failed"


@pytest.mark.parametrize("error", [SystemExit, RecursionError, KeyError])
def test_whatever_a_hook_raises_stays_a_refusal(install, operator, error):
    class Worse(Inventory):
        def on_enable(self):
            raise error

    install(Worse())

    with pytest.raises(HookFailed):
        manager.enable("inventory", actor=operator)


def test_a_hook_that_calls_the_manager_is_refused(install, operator):
    class Meddling(Inventory):
        def on_enable(self, context):
            manager.disable("inventory", actor=context.actor)

    install(Meddling())

    with pytest.raises(HookFailed):
        manager.enable("inventory", actor=operator)


@pytest.mark.django_db(transaction=True)
def test_after_hooks_run_after_the_commit_and_what_they_raise_changes_nothing(install, operator):
    seen = []

    class Late(Inventory):
        def after_enable(self, context):
            seen.append(enabled_names())
            raise ConnectionError

    install(Late())

    assert manager.enable("inventory", actor=operator).changed
    assert seen == [{"inventory"}]


def test_enable_names_the_dependency_that_is_missing_from_the_plan(install, operator):
    install(Inventory(), Sites())

    with pytest.raises(DependencyRefusal) as refused:
        manager.enable("sites", actor=operator)

    assert refused.value.plugins == ("inventory",)
    assert refused.value.message == "'sites' needs 'inventory', which is disabled."


def test_enable_with_dependencies_goes_from_the_bottom_up_and_audits_each(install, operator, monkeypatch):
    order = []
    for plugin in (Inventory, Sites, Maps):
        monkeypatch.setattr(plugin, "on_enable", lambda self, context: order.append(self.name), raising=False)
    install(Maps(), Sites(), Inventory())

    change = manager.enable("maps", actor=operator, with_dependencies=True)

    assert change.also == ("inventory", "sites") and order == ["inventory", "sites", "maps"]
    rows = PluginAuditLog.objects.filter(action="enable_plugin").order_by("position")
    assert [row.plugin_name for row in rows] == ["inventory", "sites", "maps"]


def test_disable_names_the_dependents_that_block_it(install, operator):
    install(Inventory(), Sites())
    manager.enable("sites", actor=operator, with_dependencies=True)

    with pytest.raises(DependencyRefusal) as refused:
        manager.disable("inventory", actor=operator)

    assert (refused.value.code, refused.value.plugins) == ("DEPENDENTS_ENABLED", ("sites",))
    assert enabled_names() == {"inventory", "sites"}


def test_disable_with_dependents_goes_from_the_top_down(install, operator):
    install(Inventory(), Sites(), Maps())
    manager.enable("maps", actor=operator, with_dependencies=True)

    change = manager.disable("inventory", actor=operator, with_dependents=True)

    assert change.also == ("maps", "sites") and not enabled_names()


def test_what_failed_to_load_can_not_be_enabled_but_can_be_disabled(install, operator):
    install(Inventory())
    manager.enable("inventory", actor=operator)
    PluginConfig.objects.update(status="failed", status_reason="It raised ImportError.")

    assert manager.disable("inventory", actor=operator).changed
    with pytest.raises(PluginUnavailable) as refused:
        manager.enable("inventory", actor=operator)

    assert refused.value.status == "failed" and "It raised ImportError." in refused.value.message


def test_an_availability_that_would_break_a_customer_is_refused(install, operator):
    customer = make_customer()
    install(Inventory(), Sites())
    manager.enable("sites", actor=operator, with_dependencies=True)
    manager.enable("sites", actor=operator, customer=customer.slug, with_dependencies=True)

    with pytest.raises(DependencyRefusal) as refused:
        manager.set_availability("inventory", actor=operator, availability=Availability.WITHHELD)

    assert refused.value.plugins == ("sites",)


def test_a_required_plugin_needs_its_dependencies_on_for_every_customer(install, operator):
    make_customer()
    install(Inventory(), Sites())
    manager.enable("sites", actor=operator, with_dependencies=True)

    with pytest.raises(DependencyRefusal) as refused:
        manager.set_availability("sites", actor=operator, availability=Availability.REQUIRED)
    manager.set_availability("inventory", actor=operator, availability=Availability.REQUIRED)
    change = manager.set_availability("sites", actor=operator, availability=Availability.REQUIRED)

    assert refused.value.plugins == ("inventory",) and change.changed
    assert not CustomerPluginConfig.objects.exists()
