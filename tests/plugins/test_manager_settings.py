"""Layers of settings: patches, validation, secrets, revisions."""

import json

import pytest

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import Conflict, InvalidSettings, PluginUnavailable
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers

pytestmark = pytest.mark.django_db

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "greeting": {"type": "string", "default": "Hello", "maxLength": 20},
        "limit": {"type": "integer", "default": 5, "minimum": 1, "x-webnet-scope": "platform"},
        "api": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"url": {"type": "string"}, "key": {"type": "string", "writeOnly": True, "minLength": 8}},
        },
    },
}
CANARY = "canary-7f3a9c51"


class Greeter(PluginBase):
    name = "greeter"
    version = "1.0"

    def get_settings_schema(self):
        return SCHEMA


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def ann():
    return actor_for(make_member("ann", make_customer("acme"), Role.OPERATOR))


def row():
    return PluginConfig.objects.get(name="greeter")


def config():
    return CustomerPluginConfig.objects.get()


def test_layers_are_merged_and_each_value_names_its_source(install, operator, ann):
    install(Greeter(), enabled=True)
    manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi", "api": {"url": "x"}})
    manager.update_settings("greeter", actor=ann, customer="acme", patch={"greeting": "Ahoy"})

    merged = layers.effective_settings(row(), config())

    assert merged == {"greeting": "Ahoy", "limit": 5, "api": {"url": "x"}}
    assert dict(layers.settings_sources(row(), config())) == {
        "/greeting": "customer",
        "/limit": "schema_default",
        "/api/url": "global",
    }


def test_null_removes_the_layers_value_and_what_is_omitted_is_kept(install, operator):
    install(Greeter())
    manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi", "limit": 9})

    manager.update_settings("greeter", actor=operator, patch={"greeting": None})

    assert row().settings == {"limit": 9} and layers.effective_settings(row())["greeting"] == "Hello"


def test_each_issue_is_named_with_its_path_and_without_its_value(install, operator):
    install(Greeter())

    with pytest.raises(InvalidSettings) as refused:
        manager.update_settings(
            "greeter", actor=operator, patch={"limit": 0, "greeting": CANARY * 3, "nonsense": 1, "api": {"key": "k"}}
        )

    assert {issue.path for issue in refused.value.issues} == {"/limit", "/greeting", "/nonsense", "/api/key"}
    assert CANARY not in repr(refused.value.issues) and row().settings == {}
    assert PluginAuditLog.objects.latest("position").error_code == "INVALID_SETTINGS"


def test_a_stale_revision_is_a_conflict(install, operator):
    install(Greeter())
    manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi"}, expected_revision=0)

    with pytest.raises(Conflict) as refused:
        manager.update_settings("greeter", actor=operator, patch={"greeting": "Ho"}, expected_revision=0)

    assert refused.value.current_revision == 1 and row().settings == {"greeting": "Hi"}


def test_a_patch_that_changes_nothing_writes_nothing(install, operator):
    install(Greeter())
    manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi", "api": {"key": CANARY}})
    rows = PluginAuditLog.objects.count()

    change = manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi", "api": {"key": CANARY}})

    assert not change.changed and PluginAuditLog.objects.count() == rows and row().settings_revision == 1


def test_a_secret_is_sealed_and_opens_for_the_plugin_alone(install, operator, ann):
    install(Greeter(), enabled=True)
    manager.update_settings("greeter", actor=ann, customer="acme", patch={"api": {"key": CANARY}})

    stored = config()

    assert CANARY not in json.dumps([stored.settings, stored.secrets])
    assert "key" not in layers.effective_settings(row(), stored).get("api", {})
    assert layers.opened(row(), stored)["api"]["key"] == CANARY
    assert CANARY not in json.dumps(list(PluginAuditLog.objects.values("before", "after", "text")), default=str)
    assert PluginAuditLog.objects.latest("position").after["secretsChanged"] == ["/api/key"]


def test_a_secret_survives_patches_that_do_not_name_it_and_goes_with_null(install, operator):
    install(Greeter())
    manager.update_settings("greeter", actor=operator, patch={"api": {"key": CANARY}})
    manager.update_settings("greeter", actor=operator, patch={"api": {"url": "x"}})
    assert layers.opened(row())["api"] == {"key": CANARY, "url": "x"}

    manager.update_settings("greeter", actor=operator, patch={"api": None})

    assert row().secrets == {} and "api" not in row().settings


def test_what_is_for_the_platform_can_not_be_set_for_a_customer(install, operator, ann):
    install(Greeter(), enabled=True)

    with pytest.raises(InvalidSettings) as refused:
        manager.update_settings("greeter", actor=ann, customer="acme", patch={"limit": 9})

    assert [issue.path for issue in refused.value.issues] == ["/limit"]


@pytest.mark.parametrize("patch", [[], "text", 5, None])
def test_a_patch_that_is_no_object_is_refused(install, operator, patch):
    install(Greeter())

    with pytest.raises(InvalidSettings):
        manager.update_settings("greeter", actor=operator, patch=patch)


def test_a_plugin_without_a_schema_takes_no_settings(install, operator):
    class Plain(PluginBase):
        name = "plain"
        version = "1.0"

    install(Plain())

    with pytest.raises(InvalidSettings):
        manager.update_settings("plain", actor=operator, patch={"a": 1})


def test_settings_of_what_is_not_loaded_are_refused(install, operator):
    install(Greeter())
    PluginConfig.objects.update(status="missing")

    with pytest.raises(PluginUnavailable):
        manager.update_settings("greeter", actor=operator, patch={"greeting": "Hi"})
