"""The commands of the plugin rooms, as an operator types them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.api.plugins import Greeter
from tests.factories import make_customer
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Sites(PluginBase):
    name = "sites"
    version = "2.0"
    dependencies = ("inventory",)


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


def test_sync_plugins_prints_what_it_found_with_versions(registered):
    registered(Inventory(), Sites())

    assert run("sync_plugins").splitlines() == ["added    inventory 1.0", "added    sites 2.0"]
    assert run("sync_plugins") == "Nothing changed: 2 plugins.\n"
    registered(Inventory())
    assert "missing  sites 2.0: The plugin is no longer installed." in run("sync_plugins")


def test_sync_plugins_exits_with_1_when_a_plugin_failed(registered, failing_entry):
    registered(Inventory(), failing_entry)
    out = StringIO()

    with pytest.raises(SystemExit) as stopped:
        call_command("sync_plugins", stdout=out, no_color=True)

    assert stopped.value.code == 1
    told = ["added    inventory 1.0", "failed   broken no version: It raised ImportError."]
    assert out.getvalue().splitlines() == told


def test_enable_and_disable_with_dependencies_for_everybody(install):
    install(Inventory(), Sites())

    assert "'sites' is enabled." in run("enable_plugin", "sites", "--with-dependencies", "--reason", "launch")
    assert set(PluginConfig.objects.filter(enabled=True).values_list("name", flat=True)) == {"inventory", "sites"}
    assert run("enable_plugin", "sites") == "'sites' was enabled.\n"
    assert "'sites' is disabled." in run("disable_plugin", "inventory", "--with-dependencies")
    assert PluginAuditLog.objects.filter(actor_name="command: enable_plugin", reason="launch").count() == 2


def test_enable_for_one_customer(install):
    make_customer("acme")
    install(Inventory(), enabled=True)

    assert run("enable_plugin", "inventory", "--customer", "acme") == "'inventory' is enabled for 'acme'.\n"
    assert CustomerPluginConfig.objects.get().enabled is True


def test_resume_says_whether_there_was_a_pause(install):
    make_customer("acme")
    install(Inventory(), enabled=True)
    manager.pause("inventory", actor=Actor.system("tests"), customer="acme")

    assert run("resume_plugin", "inventory") == "'inventory' is not paused.\n"
    assert run("resume_plugin", "inventory", "--customer", "acme") == "'inventory' is resumed for 'acme'.\n"
    assert run("resume_plugin", "inventory", "--customer", "acme") == "'inventory' is not paused for 'acme'.\n"
    with pytest.raises(CommandError, match=r"\(PLUGIN_NOT_FOUND\)$"):
        run("resume_plugin", "nowhere")


@pytest.mark.parametrize("arguments", [("nowhere",), ("sites",), ("inventory", "--customer", "nowhere")])
def test_a_refusal_is_one_sentence_with_its_code(install, arguments):
    install(Inventory(), Sites())

    with pytest.raises(CommandError, match=r"\((PLUGIN_NOT_FOUND|DEPENDENCY_DISABLED|CUSTOMER_NOT_FOUND)\)$"):
        run("enable_plugin", *arguments)


def test_list_plugins_shows_the_platform_and_one_customer_with_reasons(install):
    make_customer("acme")
    install(Inventory(), enabled=True)

    assert "inventory  1.0      loaded  yes      offered" in run("list_plugins")
    (row,) = json.loads(run("list_plugins", "--customer", "acme", "--json"))
    assert (row["enabled"], row["reason"]) == ("no", "'acme' has not switched 'inventory' on.")
    with pytest.raises(CommandError):
        run("list_plugins", "--customer", "nowhere")


def test_list_plugins_prints_the_metadata_as_json(install):
    install(Greeter())

    (row,) = json.loads(run("list_plugins", "--json"))

    assert (row["licence"], row["keywords"]) == ("MIT", ["greeting", "example"])
    assert (row["support"], row["changelog"]) == ("mailto:help@example.com", "")


def test_list_plugins_shows_why_a_plugin_is_effective_for_nobody(install):
    install(Sites(), enabled=True)

    (row,) = json.loads(run("list_plugins", "--json"))

    assert (row["status"], row["enabled"]) == ("loaded", "yes")
    assert row["reason"] == "'sites' needs 'inventory', which is not installed."
    assert row["codes"] == ["DEPENDENCY_NOT_EFFECTIVE"]
    assert row["reason"] in run("list_plugins")


def test_list_plugins_says_what_to_do_when_there_are_none(registered):
    assert "sync_plugins" in run("list_plugins")
