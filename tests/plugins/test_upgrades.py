"""What a sync makes of another version of a plugin: taken, or refused with everything left as it was."""

import sys

import pytest
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import gettext_lazy

from tests.factories import actor_for, make_customer, make_operator
from tests.plugins.test_dependencies import fresh, plugin
from webnet.audit.models import Generation, PluginAuditLog
from webnet.plugins.gate.effective import IneffectiveCode, customer_state, effective_customers
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.plugins.settings import layers

pytestmark = pytest.mark.django_db(transaction=True)


def schema(**properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


OLD = schema(limit={"type": "integer", "default": 5}, key={"type": "string", "writeOnly": True})
STRICT = schema(limit={"type": "integer", "maximum": 10, "default": 5}, key={"type": "string", "writeOnly": True})
RENAMED = schema(maximum={"type": "integer", "default": 5}, token={"type": "string", "writeOnly": True})


def alarm(version, settings, **members):
    return plugin("alarm", version, get_settings_schema=lambda self: settings, **members)


def rename(self, from_version, settings):
    names = {"limit": "maximum", "key": "token"}
    return {names.get(name, name): value for name, value in settings.items()}


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def old(install, operator):
    """`alarm` 1.0, on for everybody: acme has set its own limit and key, globex nothing."""
    install(alarm("1.0", OLD), plugin("other"), enabled=True)
    PluginConfig.objects.update(availability=Availability.DEFAULT_ON)
    make_customer("acme")
    make_customer("globex")
    manager.update_settings("alarm", actor=operator, patch={"limit": 7})
    manager.update_settings("alarm", actor=operator, customer="acme", patch={"limit": 20, "key": "s3cret"})
    return make_acme


def make_acme():
    return customer_state(fresh(CustomerPluginConfig.objects.get().customer))


def row():
    return PluginConfig.objects.get(name="alarm")


def everything():
    """All that an upgrade could change, but for the reason that it leaves."""
    names = ("version", "settings", "secrets", "settings_revision", "settings_fault", "enabled")
    layers_now = [*PluginConfig.objects.filter(name="alarm").values(*names)]
    return layers_now, [*CustomerPluginConfig.objects.values("settings", "secrets", "settings_revision")]


def test_a_lazily_translated_setting_is_stored_in_the_platforms_language(old, registered, operator):
    words = schema(limit={"type": "string", "default": ""}, key={"type": "string", "writeOnly": True})
    registered(alarm("1.1", words, migrate_settings=lambda *_: {"limit": gettext_lazy("Monday")}), plugin("other"))

    with translation.override("de"):
        manager.sync(actor=operator)

    assert row().version == "1.1" and row().settings == {"limit": "Monday"}


def test_an_upgrade_keeps_the_old_version_in_the_log_under_the_plugins_name(old, registered, operator):
    registered(alarm("1.1", OLD), plugin("other"))

    report = manager.sync(actor=operator, reason="monday")

    assert report.updated == ["alarm"]
    assert row().version == "1.1"
    log = PluginAuditLog.objects.get(action="upgrade_plugin")
    assert (log.plugin_name, log.plugin_version, log.reason) == ("alarm", "1.1", "monday")
    assert (log.before, log.after) == ({"version": "1.0"}, {"version": "1.1"})


def test_migrate_settings_moves_every_layer_and_keeps_secrets_sealed(old, registered, operator):
    token = Generation.objects.get(customer__slug="acme").token
    registered(alarm("2.0", RENAMED, migrate_settings=rename), plugin("other"))

    manager.sync(actor=operator)

    config = CustomerPluginConfig.objects.get()
    assert row().settings == {"maximum": 7}
    assert config.settings == {"maximum": 20}
    assert list(config.secrets) == ["/token"]
    assert dict(layers.opened(row(), config)) == {"maximum": 20, "token": "s3cret"}
    assert Generation.objects.get(customer__slug="acme").token != token
    logged = PluginAuditLog.objects.get(action="update_customer_plugin_settings", plugin_version="2.0")
    assert (logged.customer_slug, logged.before["settings"], logged.after["settings"]) == (
        "acme",
        {"limit": 20},
        {"maximum": 20},
    )
    assert "s3cret" not in str([*PluginAuditLog.objects.values(), *CustomerPluginConfig.objects.values()])


def test_a_secret_stays_sealed_where_the_new_version_asks_for_no_secret(old, registered, operator):
    plain = schema(limit={"type": "integer"}, key={"type": "string"})
    registered(alarm("2.0", plain), plugin("other"))

    manager.sync(actor=operator)

    config = CustomerPluginConfig.objects.get()
    assert row().version == "2.0"
    assert config.settings == {"limit": 20}
    assert list(config.secrets) == ["/key"]


def test_what_the_new_version_calls_a_secret_is_sealed(old, registered, operator):
    sealed = schema(limit={"type": "integer", "writeOnly": True}, key={"type": "string", "writeOnly": True})
    registered(alarm("2.0", sealed), plugin("other"))

    manager.sync(actor=operator)

    assert row().settings == CustomerPluginConfig.objects.get().settings == {}
    assert list(row().secrets) == ["/limit"]


def test_an_upgrade_that_settings_do_not_fit_is_refused_with_the_customers_named(old, registered, operator):
    before = everything()
    registered(alarm("2.0", STRICT), plugin("other"))

    report = manager.sync(actor=operator)

    assert report.failed == ["alarm"]
    assert everything() == before
    assert row().status_reason == (
        "Version 2.0 of 'alarm' is installed, but 1.0 stays in use: the settings of 1 customer ('acme') would "
        "no longer be valid: /limit must be 10 or less (for 'acme')."
    )
    assert not PluginAuditLog.objects.filter(action="upgrade_plugin").exists()


def test_while_its_upgrade_is_refused_a_plugin_is_not_effective_with_that_reason(old, registered, operator):
    registered(alarm("2.0", STRICT), plugin("other"))
    manager.sync(actor=operator)

    state = old()

    assert state.effective == {"other"}
    (reason,) = state.reasons("alarm")
    assert reason.code == IneffectiveCode.NOT_RUNNABLE
    assert "stays in use" in reason.message
    assert not effective_customers("alarm").exists()


def test_processes_with_the_former_version_go_on_while_the_upgrade_is_refused(old, registered, operator):
    registered(alarm("2.0", STRICT), plugin("other"))
    manager.sync(actor=operator)

    registered(alarm("1.0", OLD), plugin("other"))  # as in a process that was not restarted yet
    acme = old()

    assert acme.effective == {"alarm", "other"}
    assert manager.update_settings("alarm", actor=operator, customer="acme", patch={"limit": 9}).changed
    registered(alarm("2.0", STRICT), plugin("other"))
    assert manager.sync(actor=operator).updated == ["alarm"]
    assert (old().effective, row().version, row().status_reason) == ({"alarm", "other"}, "2.0", "")


def test_a_newer_version_that_no_sync_has_seen_is_withheld(old, registered):
    registered(alarm("1.1", OLD), plugin("other"))

    (reason,) = old().reasons("alarm")

    assert reason.message == "Version 1.1 of 'alarm' is not in use yet: run 'manage.py sync_plugins'."


def test_by_force_the_upgrade_is_taken_and_only_those_who_do_not_fit_lose_the_plugin(old, registered, operator):
    registered(alarm("2.0", STRICT), plugin("other"))

    report = manager.sync(actor=operator, force=True)

    assert (report.failed, row().version) == ([], "2.0")
    (reason,) = old().reasons("alarm")
    assert reason.code == IneffectiveCode.INVALID_SETTINGS
    assert [customer.slug for customer in effective_customers("alarm")] == ["globex"]
    manager.update_settings("alarm", actor=operator, customer="acme", patch={"limit": 9})
    assert "alarm" in old().effective


def test_a_customer_who_could_not_use_its_settings_before_is_no_reason_to_refuse(old, registered, operator):
    CustomerPluginConfig.objects.update(settings_fault="do not fit its schema: for some older reason.")
    registered(alarm("2.0", STRICT), plugin("other"))

    assert manager.sync(actor=operator).failed == []


def test_an_older_version_is_refused_unless_forced(old, registered, operator):
    registered(alarm("0.9", OLD), plugin("other"))

    refused = manager.sync(actor=operator)
    status, reason, effective = row().status, row().status_reason, old().effective
    forced = manager.sync(actor=operator, force=True)

    assert (refused.failed, status, effective) == (["alarm"], PluginStatus.INCOMPATIBLE, {"other"})
    assert reason.startswith(
        "Version 0.9 of 'alarm' is older than 1.0, which was installed before: install that one again"
    )
    assert (forced.failed, row().version, old().effective) == ([], "0.9", {"alarm", "other"})


def test_a_refused_downgrade_is_mended_by_the_return_of_the_version(old, registered, operator):
    registered(alarm("0.9", OLD), plugin("other"))
    manager.sync(actor=operator)
    registered(alarm("1.0", OLD), plugin("other"))

    manager.sync(actor=operator)

    assert (row().status, row().version, old().effective) == (PluginStatus.LOADED, "1.0", {"alarm", "other"})


def test_on_upgrade_hears_the_former_version_once_and_sees_the_moved_settings(old, registered, operator):
    seen = []

    def on_upgrade(self, from_version):
        seen.append((from_version, row().version, row().settings))

    registered(alarm("2.0", RENAMED, migrate_settings=rename, on_upgrade=on_upgrade), plugin("other"))

    manager.sync(actor=operator)
    manager.sync(actor=operator)

    assert seen == [("1.0", "2.0", {"maximum": 7})]


@pytest.mark.parametrize("error", [ValueError, SystemExit, RecursionError])
def test_a_raising_on_upgrade_undoes_that_plugins_upgrade_and_no_others(old, registered, operator, error):
    def on_upgrade(self, from_version):
        PluginConfig.objects.filter(name="alarm").update(description="half done")
        raise error("mend me")

    before = everything()
    registered(
        alarm("2.0", RENAMED, migrate_settings=rename, on_upgrade=on_upgrade),
        plugin("other", "3.0", on_upgrade=lambda self: PluginConfig.objects.filter(name="other").update(author="Ada")),
    )

    report = manager.sync(actor=operator)

    assert (report.failed, sorted(report.updated)) == (["alarm"], ["alarm", "other"])
    assert everything() == before
    assert (row().status, row().description) == (PluginStatus.FAILED, "")
    assert row().status_reason.startswith(f"The upgrade of 'alarm' from 1.0 to 2.0 raised {error.__name__}")
    other = PluginConfig.objects.get(name="other")
    assert (other.version, other.author) == ("3.0", "Ada")
    assert list(PluginAuditLog.objects.filter(action="upgrade_plugin").values_list("plugin_name", flat=True)) == [
        "other"
    ]


def test_a_failed_upgrade_is_tried_again_by_the_next_sync(old, registered, operator):
    faults = [ValueError("once")]

    def on_upgrade(self, from_version):
        if faults:
            raise faults.pop()

    registered(alarm("1.1", OLD, on_upgrade=on_upgrade), plugin("other"))

    assert manager.sync(actor=operator).failed == ["alarm"]
    assert manager.sync(actor=operator).failed == []
    assert (row().version, row().status) == ("1.1", PluginStatus.LOADED)


@pytest.mark.parametrize(
    ("migrate_settings", "told"),
    [
        (lambda self, from_version, settings: settings["gone"], "raised KeyError"),
        (lambda self, from_version, settings: None, "must return the settings, not NoneType"),
        (lambda self, from_version, settings: sys.exit(), "raised SystemExit"),
    ],
)
def test_a_raising_migrate_settings_refuses_that_upgrade(old, registered, operator, migrate_settings, told):
    before = everything()
    registered(alarm("2.0", OLD, migrate_settings=migrate_settings), plugin("other", "2.0"))

    report = manager.sync(actor=operator)

    assert (report.failed, report.updated) == (["alarm"], ["alarm", "other"])
    assert everything() == before
    assert told in row().status_reason


def test_what_can_not_be_stored_of_one_plugin_does_not_stop_the_others(old, registered, operator, monkeypatch):
    bad = alarm("1.1", OLD)
    registered(bad, plugin("other", "2.0"))
    monkeypatch.setattr(PluginConfig, "save", _refuse_version("1.1", PluginConfig.save))

    report = manager.sync(actor=operator)

    assert (report.failed, PluginConfig.objects.get(name="other").version) == (["alarm"], "2.0")
    assert row().status_reason == "The upgrade of 'alarm' from 1.0 to 1.1 raised ValueError: too much."


def _refuse_version(version, save):
    def guarded(self, *args, **options):
        if self.version == version:
            raise ValueError("too much")
        save(self, *args, **options)

    return guarded


def test_a_dry_run_shows_it_all_and_changes_nothing(old, registered, operator, capsys):
    def on_upgrade(self, from_version):
        raise AssertionError("a dry run calls no hook")

    registered(alarm("2.0", STRICT, on_upgrade=on_upgrade), plugin("new", "1.0"))
    before, rows = everything(), PluginAuditLog.objects.count()

    with pytest.raises(SystemExit):
        call_command("sync_plugins", dry_run=True, no_color=True)

    assert capsys.readouterr().out.splitlines() == [
        "alarm 1.0 → 2.0: refused: Version 2.0 of 'alarm' is installed, but 1.0 stays in use: the settings of 1 "
        "customer ('acme') would no longer be valid: /limit must be 10 or less (for 'acme').",
        "  /limit must be 10 or less (for 'acme')",
        "new 1.0: loaded",
        "other: missing, since it is no longer installed",
    ]
    assert (everything(), PluginAuditLog.objects.count()) == (before, rows)
    assert not PluginConfig.objects.filter(name="new").exists()


def test_a_dry_run_of_a_good_upgrade_is_a_success(old, registered, capsys):
    registered(alarm("1.1", OLD), plugin("other"))

    call_command("sync_plugins", dry_run=True, no_color=True)

    assert capsys.readouterr().out.splitlines() == ["alarm 1.0 → 1.1: loaded", "other 1.0: loaded"]
    assert row().version == "1.0"
