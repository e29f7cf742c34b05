"""Values of settings come back as they were given: numbers, the order of members, and what a plugin reads."""

from __future__ import annotations

import json

import pytest

from tests.factories import make_customer
from tests.plugins.test_dependencies import plugin
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.errors import HookFailed, InvalidSettings
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers
from webnet.plugins.settings.history import changes, list_changes

pytestmark = pytest.mark.django_db

OPERATOR = Actor.system("tests")
NUMBERS = [1e20, 1e16, 1e300, 5e-324, -0.0, 0.1, 1.0, 2**63 - 1, -(2**63), 2**53 + 1]


def ledger(version="1.0", *, properties=None, **members):
    schema = {"properties": properties or {}}
    return plugin("ledger", version, get_settings_schema=lambda self: schema, **members)


@pytest.fixture
def installed(install):
    install(ledger(), enabled=True)


def update(patch, **more):
    return manager.update_settings("ledger", actor=OPERATOR, patch=patch, **more)


def revert(revision, **more):
    return manager.revert_settings("ledger", actor=OPERATOR, revision=revision, **more)


def stored():
    return PluginConfig.objects.get(name="ledger").settings


def last_changes():
    return list_changes(changes(is_global=True).latest("position"))


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_number_comes_back_as_it_was_given_and_giving_it_again_changes_nothing(installed, number):
    update({"number": number, "in": [{"a": number}]})

    again = update({"number": number, "in": [{"a": number}]})

    assert repr(stored()) == repr({"number": number, "in": [{"a": number}]})
    assert not again.changed
    assert repr(PluginAuditLog.objects.latest("position").after["settings"]) == repr(stored())


def test_beside_a_large_number_everything_else_can_be_changed(installed):
    make_customer("acme")
    update({"number": 1e20})

    assert update({"title": "x"}).changed
    assert update({"title": "mine"}, customer="acme").changed


def test_members_come_back_in_their_order(installed):
    given = {"zebra": 1, "b": {"z": 1, "a": [{"y": 1, "x": 2}]}, "aa": 2}

    update(given)

    assert json.dumps(stored()) == json.dumps(given)
    assert json.dumps(json.loads(PluginAuditLog.objects.latest("position").text)["after"]["settings"]) == json.dumps(
        given
    )


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (True, 1.0), (1, 1.0), ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}])]
)
def test_each_revision_has_its_change(installed, before, after):
    update({"value": before})

    assert update({"value": after}).changed
    assert not update({"value": after}).changed

    (change,) = last_changes()
    assert (change.path, repr(change.before), repr(change.after)) == ("/value", repr(before), repr(after))


def test_another_order_of_members_is_a_change_that_is_listed(installed):
    update({"a": 1, "b": 2})
    update({"a": None})
    update({"a": 1})

    assert revert(1).changed

    assert list(stored()) == ["a", "b"]
    assert [(change.path, change.before, change.after) for change in last_changes()] == [("/a", 1, 1), ("/b", 2, 2)]


def test_a_plugin_reads_an_integer_where_its_schema_says_so(install):
    install(
        ledger(properties={"limit": {"type": "integer"}, "key": {"type": "integer", "writeOnly": True}}), enabled=True
    )
    update({"limit": 2.0, "key": 3.0})

    read = layers.opened(PluginConfig.objects.get(name="ledger"))

    assert [list(range(read["limit"])), list(range(read["key"]))] == [[0, 1], [0, 1, 2]]


FORMS = {
    "auth": {
        "oneOf": [
            {"properties": {"user": {}}, "required": ["user"], "additionalProperties": False},
            {
                "properties": {"url": {}, "token": {"writeOnly": True}},
                "required": ["url"],
                "additionalProperties": False,
            },
        ]
    }
}


def test_whoever_leaves_a_form_with_a_secret_is_told_which_path_needs_null(install):
    install(ledger(properties=FORMS), enabled=True)
    update({"auth": {"url": "x", "token": "canary"}})

    with pytest.raises(InvalidSettings) as refused:
        update({"auth": {"url": None, "user": "ann"}})

    (issue,) = refused.value.issues
    assert (issue.path, issue.message) == (
        "/auth",
        "does not match any of the alternatives; the secret '/auth/token' is still set: send null for it to remove it",
    )
    assert update({"auth": {"url": None, "user": "ann", "token": None}}).changed
    assert stored() == {"auth": {"user": "ann"}}


def test_a_secret_that_is_not_the_reason_is_not_named(install):
    install(ledger(properties=FORMS), enabled=True)
    update({"auth": {"url": "x", "token": "canary"}})

    with pytest.raises(InvalidSettings) as refused:
        update({"auth": {"url": None}})

    assert [issue.message for issue in refused.value.issues] == ["does not match any of the alternatives"]


RENAMED = {"maximum": {"type": "integer"}, "key": {"writeOnly": True}}


def rename(self, from_version, settings):
    assert from_version == "1.0"
    return {"maximum" if name == "limit" else name: value for name, value in settings.items()}


def test_a_revision_of_an_older_version_is_migrated_when_it_is_restored(install):
    make_customer("acme")
    install(ledger(properties={"limit": {"type": "integer"}, "key": {"writeOnly": True}}), enabled=True)
    for customer in (None, "acme"):
        update({"limit": 5, "key": "canary"}, customer=customer)
        update({"limit": 7}, customer=customer)
    install(ledger("2.0", properties=RENAMED, migrate_settings=rename), enabled=True)
    update({"maximum": 9})

    revert(1)
    revert(1, customer="acme")

    assert stored() == {"maximum": 5}
    assert CustomerPluginConfig.objects.get().settings == {"maximum": 5}
    assert layers.opened(PluginConfig.objects.get(name="ledger"))["key"] == "canary"


def test_a_revision_of_this_version_is_not_migrated_again(install):
    install(ledger(properties={"limit": {}}), enabled=True)
    update({"limit": 5})
    install(ledger("2.0", properties=RENAMED, migrate_settings=rename), enabled=True)
    update({"maximum": 9})

    revert(2)  # what the upgrade made of revision 1

    assert stored() == {"maximum": 5}


@pytest.mark.parametrize("returned", [None, {"at": object()}, {"at": float("nan")}, ValueError("canary")])
def test_a_migration_that_fails_changes_nothing_and_is_the_plugins_fault(install, returned):
    def migrate(self, from_version, settings):
        if settings.get("is_old") and not settings.get("is_upgrade"):
            if isinstance(returned, ValueError):
                raise returned
            return returned
        return {}

    install(ledger(), enabled=True)
    update({"is_old": True})
    update({"is_upgrade": True})
    install(ledger("2.0", migrate_settings=migrate), enabled=True)

    with pytest.raises(HookFailed) as refused:
        revert(1)

    assert refused.value.message.startswith(
        "The settings of 'ledger' were not changed: its migrate_settings('1.0') raised"
    )
    assert "canary" not in refused.value.message
    assert stored() == {}
