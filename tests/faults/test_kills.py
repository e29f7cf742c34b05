"""`kill -9` at random moments while several processes make changes of every kind: nothing is lost or half done."""

import os
import random

import pytest

from tests.plugins.lifecycle.installation import BOOK_INITIAL, plugin_py, write_shelf

# `make fault-test` sets it to 300.
KILLS = int(os.environ.get("FAULT_KILLS", "12"))
# With what is checked in between, on a machine that is busy with others.
SECONDS_PER_KILL = 10

MEMBERS = """
    def get_permissions(self):
        return [{"name": "read", "description": "Read books", "minimum_role": "operator"}]

    def get_settings_schema(self):
        secret = {"type": "string", "writeOnly": True}
        return {"type": "object", "properties": {"limit": {"type": "integer"}, "key": secret}}

    def on_enable(self, context):
        if context.customer is None:
            from shelf.models import Book
            from webnet.customers.models import Customer
            Book.objects.create(customer=Customer.objects.first(), title="enabled")

    def on_disable(self, context):
        if context.customer is None:
            from shelf.models import Book
            Book.objects.all().delete()
"""
LAMP_MODELS = """
    from django.db import models
    from webnet.sdk.models import CustomerOwnedModel

    class Lamp(CustomerOwnedModel):
        title = models.CharField(max_length=50)
"""
LAMP_INITIAL = BOOK_INITIAL.replace("Book", "Lamp").replace(
    '                ("readers", models.ManyToManyField(settings.AUTH_USER_MODEL)),\n', ""
)
# So many meet every kind of write; a few changes of a kind are enough for that.
LONG = 300
ACTIONS = {
    *("sync_plugins", "upgrade_plugin", "uninstall_plugin", "rotate_settings_keys", "make_backup"),
    *("create_customer", "update_customer", "purge_customer", "set_member", "remove_member"),
    *("create_api_token", "revoke_api_token", "set_role_permission", "pause_plugin", "resume_plugin"),
    *("enable_plugin", "disable_plugin", "enable_customer_plugin", "disable_customer_plugin"),
    *("update_plugin_settings", "update_customer_plugin_settings"),
}
IMPORT = "from tests.faults import kill_loop\n"


@pytest.fixture
def run(installation):
    """Runs a script in an installation with two plugins, of which one is uninstalled and installed again."""
    write_shelf(installation, plugin=plugin_py("shelf", more=MEMBERS))
    installation.write("lamp", plugin=plugin_py("lamp"), models=LAMP_MODELS, migrations__0001_initial=LAMP_INITIAL)
    limit = 300 + KILLS * SECONDS_PER_KILL
    return lambda script: installation.run(IMPORT, script, plugins=("shelf", "lamp"), limit_seconds=limit)


def test_after_each_kill_nothing_acknowledged_is_lost_nothing_is_half_done_and_every_chain_verifies(run):
    seed = random.randrange(1_000_000)  # noqa: S311 - printed where the test fails, so that it can be run again

    seen = run(f"report = kill_loop.kill_at_random_moments({KILLS}, seed={seed})")

    assert seen["found"] == [], f"seed {seed}: {seen['found'][:3]}"
    assert seen["kills"] >= KILLS
    assert seen["acknowledged"] > KILLS // 2, f"seed {seed}"
    if KILLS >= LONG:
        assert seen["actions"].keys() >= ACTIONS, f"seed {seed}"


def test_without_the_one_transaction_a_kill_leaves_what_does_not_agree(run):
    """A negative control: the change and its audit row commit one after the other."""
    seen = run(
        """
        kill_loop.record_after_the_commit()
        report = kill_loop.kill_at_random_moments(150, seed=7, until_found=True)
        """
    )

    assert seen["found"] != []


def test_what_is_acknowledged_before_it_is_made_is_lost_by_a_kill(run):
    """The other negative control."""
    seen = run(
        """
        kill_loop.acknowledge_before_the_change()
        report = kill_loop.kill_at_random_moments(150, seed=7, until_found=True)
        """
    )

    assert any("was acknowledged and is lost" in fault for fault in seen["found"])


def test_a_backup_that_is_written_in_place_is_half_there_after_a_kill(run):
    """The negative control of backups."""
    seen = run(
        """
        kill_loop.back_up_in_place()
        report = kill_loop.kill_at_random_moments(150, seed=7, until_found=True)
        """
    )

    assert any("is not whole" in fault or "not there" in fault for fault in seen["found"])
