"""What became of settings, and the way back: the audit log is the only store of it."""

import pytest
from django.db import connection, transaction

from tests.factories import actor_for, make_customer, make_member, make_operator
from tests.plugins.test_manager_settings import SCHEMA, Greeter
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import Conflict, InvalidSettings, PermissionDenied, RevisionNotAvailable
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers
from webnet.plugins.settings.history import ChangedSetting, changes, list_changes, revision_of

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "secret-51c0"


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def ann():
    return actor_for(make_member("ann", make_customer("acme"), Role.OPERATOR))


@pytest.fixture
def greeter(install):
    install(Greeter(), enabled=True)


def update(actor, patch, **more):
    return manager.update_settings("greeter", actor=actor, patch=patch, **more)


def revert(actor, revision, **more):
    return manager.revert_settings("greeter", actor=actor, revision=revision, **more)


def row():
    return PluginConfig.objects.get(name="greeter")


def test_each_change_is_told_by_path_and_secrets_only_as_changed(greeter, operator):
    update(operator, {"greeting": "Hi", "api": {"url": "x", "key": SECRET}}, reason="launch")
    update(operator, {"greeting": None, "api": {"url": "y"}})

    second, first = changes(is_global=True).order_by("-position")

    assert (revision_of(first), revision_of(second), first.reason) == (1, 2, "launch")
    assert list_changes(first) == (
        ChangedSetting(path="/api/key", is_secret=True),
        ChangedSetting(path="/api/url", after="x"),
        ChangedSetting(path="/greeting", after="Hi"),
    )
    assert list_changes(second) == (
        ChangedSetting(path="/api/url", before="x", after="y"),
        ChangedSetting(path="/greeting", before="Hi"),
    )


def test_a_revert_restores_the_values_of_then_and_keeps_the_secrets_of_now(greeter, operator):
    update(operator, {"greeting": "Hi", "api": {"url": "x", "key": "old-secret"}})
    update(operator, {"greeting": "Ho", "limit": 9, "api": {"url": None, "key": SECRET}})

    change = revert(operator, 1, reason="it was better")

    assert change.changed
    assert (row().settings, row().settings_revision) == ({"greeting": "Hi", "api": {"url": "x"}}, 3)
    assert layers.opened(row())["api"] == {"url": "x", "key": SECRET}
    log = PluginAuditLog.objects.latest("position")
    assert (log.action, log.reason, log.after["secretsChanged"]) == ("revert_plugin_settings", "it was better", [])


def test_a_revert_of_a_revert_is_possible_and_a_revert_to_now_changes_nothing(greeter, operator):
    update(operator, {"greeting": "Hi"})
    update(operator, {"greeting": "Ho"})
    revert(operator, 1)

    assert not revert(operator, 3).changed
    revert(operator, 2)
    assert row().settings == {"greeting": "Ho"}


def test_a_customer_goes_back_to_inheriting_everything_secrets_too(greeter, operator, ann):
    update(operator, {"greeting": "Hi", "api": {"key": "for everybody"}})
    update(ann, {"greeting": "Ahoy", "api": {"key": SECRET}}, customer="acme")

    revert(ann, 0, customer="acme")

    config = CustomerPluginConfig.objects.get()
    assert (config.settings, config.secrets, config.settings_revision) == ({}, {}, 2)
    assert dict(layers.opened(row(), config)) == {"greeting": "Hi", "limit": 5, "api": {"key": "for everybody"}}
    assert PluginAuditLog.objects.latest("position").after["secretsChanged"] == ["/api/key"]


@pytest.mark.parametrize("revision", [2, 99, -1])
def test_a_revision_that_never_was_is_not_available(greeter, operator, ann, revision):
    update(operator, {"greeting": "Hi"})
    update(ann, {"greeting": "Ahoy"}, customer="acme")

    with pytest.raises(RevisionNotAvailable, match=f"revision {revision}"):
        revert(operator, revision)

    assert PluginAuditLog.objects.latest("position").error_code == "REVISION_NOT_AVAILABLE"


def test_a_pruned_revision_is_not_available(greeter, operator):
    update(operator, {"greeting": "Hi"})
    update(operator, {"greeting": "Ho"})
    with transaction.atomic(), audit_triggers.deletes_allowed(connection):
        changes(is_global=True).order_by("position").first().delete()

    with pytest.raises(RevisionNotAvailable):
        revert(operator, 1)


def test_one_layers_revisions_are_not_anothers(greeter, operator, ann):
    update(operator, {"greeting": "Hi"})
    update(operator, {"greeting": "Ho"})
    update(ann, {"greeting": "Ahoy"}, customer="acme")

    with pytest.raises(RevisionNotAvailable):
        revert(ann, 2, customer="acme")


def test_a_revert_obeys_the_expected_revision_and_the_rights(greeter, operator, ann):
    update(operator, {"greeting": "Hi"})
    update(operator, {"greeting": "Ho"})

    with pytest.raises(Conflict) as refused:
        revert(operator, 1, expected_revision=1)
    assert refused.value.current_revision == 2
    with pytest.raises(PermissionDenied):
        revert(ann, 1)


def test_what_does_not_fit_any_more_is_not_restored(install, operator):
    install(Greeter())
    update(operator, {"greeting": "A very long greeting"})
    update(operator, {"greeting": "Hi"})
    shorter = {**SCHEMA, "properties": {**SCHEMA["properties"], "greeting": {"type": "string", "maxLength": 5}}}
    install(type("Newer", (Greeter,), {"get_settings_schema": lambda self: shorter})())

    with pytest.raises(InvalidSettings):
        revert(operator, 1)


def test_what_became_a_secret_is_not_restored_as_a_plain_value(install, operator):
    install(Greeter())
    update(operator, {"greeting": SECRET, "limit": 7})
    update(operator, {"greeting": None})
    secretive = {**SCHEMA, "properties": {**SCHEMA["properties"], "greeting": {"type": "string", "writeOnly": True}}}
    install(type("Newer", (Greeter,), {"get_settings_schema": lambda self: secretive})())
    update(operator, {"limit": 8})

    revert(operator, 1)

    assert row().settings == {"limit": 7}


def test_what_became_the_platforms_is_not_restored_for_a_customer(install, operator, ann):
    install(Greeter(), enabled=True)
    update(ann, {"greeting": "Ahoy"}, customer="acme")
    update(ann, {"greeting": None}, customer="acme")
    greeting = {"type": "string", "x-webnet-scope": "platform"}
    platforms = {**SCHEMA, "properties": {**SCHEMA["properties"], "greeting": greeting}}
    install(type("Newer", (Greeter,), {"get_settings_schema": lambda self: platforms})())

    with pytest.raises(InvalidSettings):
        revert(ann, 1, customer="acme")
