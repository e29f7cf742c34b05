"""`kill -9` while plugins are enabled, disabled, updated and upgraded: state, audit log and generations agree."""

import pytest

from tests.plugins.lifecycle.installation import plugin_py, write_shelf

MEMBERS = """
    def get_settings_schema(self):
        secret = {"type": "string", "writeOnly": True}
        return {"type": "object", "properties": {"limit": {"type": "integer"}, "key": secret}}

    def on_enable(self, context):
        if context.customer is None:
            from webnet.customers.models import Customer
            from shelf.models import Book
            Book.objects.create(customer=Customer.objects.get(), title="enabled")

    def on_disable(self, context):
        if context.customer is None:
            from shelf.models import Book
            Book.objects.all().delete()
"""
PREPARE = """
    customers.create(actor=ME, slug="acme", name="Acme")
    call_command("sync_plugins", migrate=True)
    manager.update_settings("shelf", actor=ME, customer="acme", patch={"limit": 1})
    from tests.plugins.lifecycle import kill_loop
"""


@pytest.fixture
def shelf(installation):
    write_shelf(installation, plugin=plugin_py("shelf", more=MEMBERS))
    return installation


def test_after_each_of_100_kills_state_audit_log_and_generations_agree(shelf):
    seen = shelf.run(PREPARE, "report = kill_loop.kill_at_random_moments(100, seed=7)", plugins=("shelf",))

    assert seen["found"] == []
    assert seen["kills"] == 100
    assert seen["changes"] > 100
    expected = ("enable_plugin", "disable_customer_plugin", "update_plugin_settings", "sync_plugins", "upgrade_plugin")
    assert set(expected) <= set(seen["actions"])


def test_without_the_one_transaction_a_kill_leaves_what_does_not_agree(shelf):
    """The negative control of the test above: the change and its audit row commit one after the other."""
    script = """
    kill_loop.record_after_the_commit()
    report = kill_loop.kill_at_random_moments(100, seed=7, until_found=True)
    """

    seen = shelf.run(PREPARE, script, plugins=("shelf",))

    assert seen["found"] != []
