"""Keys of secret settings: changed without a stop, killed at any moment, and loud when one is missing."""

import io
import sys
import threading

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.customers.access import Role, visible_customers
from webnet.errors import HookFailed, InvalidSettings, PermissionDenied, SecretUnreadable
from webnet.plugins.base import PluginBase
from webnet.plugins.checks import check_settings_keys
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginHealth
from webnet.plugins.settings import key_rotation, layers, secrets

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


class Calling(PluginBase):
    name = "calling"
    version = "1.0"
    calls: list = []  # noqa: RUF012 - one list for all is what the tests ask

    def get_settings_schema(self):
        secret = {"type": "string", "writeOnly": True}
        return {"properties": {"key": secret, "keys": {"type": "object", "additionalProperties": secret}}}

    def on_enable(self, context):
        self.calls.append(context.settings["key"])


class Quiet(PluginBase):
    name = "quiet"
    version = "1.0"


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def sealed(install, operator, settings):
    """Three layers with four secrets, sealed with the old key."""
    settings.WEBNET_SETTINGS_KEYS = [OLD]
    install(Calling(), Quiet(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    renew_platform()
    manager.update_settings("calling", actor=operator, patch={"key": "everybody's", "keys": {"a/b": "slash"}})
    for slug in ("acme", "beta"):
        make_customer(slug)
        manager.update_settings("calling", actor=operator, customer=slug, patch={"key": f"{slug}'s"})


def open_all():
    row = PluginConfig.objects.get(name="calling")
    configs = CustomerPluginConfig.objects.order_by("customer__slug").select_related("customer")
    return [dict(layers.opened(row, config))["key"] for config in (None, *configs)]


def rotate(operator):
    return manager.rotate_settings_keys(actor=operator)


def test_after_a_rotation_the_old_key_can_go(sealed, operator, settings, capsys):
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    out = io.StringIO()

    call_command("rotate_settings_keys", stdout=out)

    settings.WEBNET_SETTINGS_KEYS = [NEW]
    assert open_all() == ["everybody's", "acme's", "beta's"]
    assert "4 secrets re-encrypted" in out.getvalue()
    assert "you can remove the others" in out.getvalue()


def test_without_a_rotation_the_old_key_can_not_go(sealed, settings):
    settings.WEBNET_SETTINGS_KEYS = [NEW]

    with pytest.raises(SecretUnreadable):
        open_all()


def test_a_rotation_goes_on_where_it_was_stopped(sealed, operator, settings, monkeypatch):
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    monkeypatch.setattr(key_rotation, "BATCH_SIZE", 1)

    def stop(report):
        if report.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        manager.rotate_settings_keys(actor=operator, progress=stop)
    assert open_all() == ["everybody's", "acme's", "beta's"]

    assert rotate(operator).sealed == 1
    assert rotate(operator).sealed == 0
    counts = [row.after["secretsSealed"] for row in PluginAuditLog.objects.filter(action="rotate_settings_keys")]
    assert sorted(counts) == [1, 1, 2]


def test_a_rotation_changes_neither_revisions_nor_what_clients_see(sealed, operator, settings):
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    before = list(CustomerPluginConfig.objects.values("settings", "settings_revision", "updated_at"))
    times = PluginConfig.objects.get(name="calling").secrets["/key"]["updated_at"]

    rotate(operator)

    assert list(CustomerPluginConfig.objects.values("settings", "settings_revision", "updated_at")) == before
    assert PluginConfig.objects.get(name="calling").secrets["/key"]["updated_at"] == times


def test_a_secret_that_no_key_opens_is_named_and_left_as_it_is(sealed, settings):
    settings.WEBNET_SETTINGS_KEYS = [NEW]
    stored = list(CustomerPluginConfig.objects.values_list("secrets", flat=True))
    err = io.StringIO()

    with pytest.raises(SystemExit) as stopped:
        call_command("rotate_settings_keys", stdout=io.StringIO(), stderr=err)

    assert stopped.value.code == 1
    assert "The secret '/key' of 'calling' can't be decrypted" in err.getvalue()
    assert "(calling for acme)" in err.getvalue()
    assert list(CustomerPluginConfig.objects.values_list("secrets", flat=True)) == stored


def test_on_a_terminal_a_bar_shows_how_far_it_is(sealed, settings, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    monkeypatch.setattr(sys, "stderr", Terminal())

    call_command("rotate_settings_keys", stdout=io.StringIO())

    assert "Encrypting secrets: 100%" in sys.stderr.getvalue()
    assert "3/3" in sys.stderr.getvalue()


@pytest.mark.slow
def test_a_rotation_and_an_update_can_not_pass_each_other(sealed, operator, settings, monkeypatch):
    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    seal_again, waited = key_rotation._seal_again, []

    def update():
        manager.update_settings("calling", actor=operator, customer="acme", patch={"key": "newer"})
        connection.close()

    thread = threading.Thread(target=update)

    def seal_while_another_updates(layer, unreadable):
        if isinstance(layer, CustomerPluginConfig) and not waited:
            thread.start()
            thread.join(timeout=0.3)
            waited.append(thread.is_alive())
        return seal_again(layer, unreadable)

    monkeypatch.setattr(key_rotation, "_seal_again", seal_while_another_updates)
    rotate(operator)
    thread.join()

    assert waited == [True]
    settings.WEBNET_SETTINGS_KEYS = [NEW]
    assert open_all() == ["everybody's", "newer", "beta's"]


def test_only_a_platform_operator_may_rotate(sealed):
    ann = actor_for(make_member("ann", make_customer("gamma"), Role.ADMIN))

    with pytest.raises(PermissionDenied):
        rotate(ann)


def test_a_missing_key_is_a_loud_failure_of_that_plugin_alone(sealed, operator, settings):
    settings.WEBNET_SETTINGS_KEYS = [NEW]

    report = manager.sync(actor=operator)

    assert report.failed == []
    state = customer_state(visible_customers(operator).get(slug="acme"))
    assert state.effective == {"quiet"}
    (reason,) = state.reasons("calling")
    assert reason.code == "invalid_settings"
    assert "/key can't be read. The secret '/key' of 'calling' can't be decrypted: put its key back" in reason.message
    assert manager.check_health("calling", actor=operator, customer="acme").status == "unhealthy"
    assert "put its key back" in PluginHealth.objects.get().message
    assert manager.check_health("quiet", actor=operator).status == "healthy"

    settings.WEBNET_SETTINGS_KEYS = [NEW, OLD]
    manager.sync(actor=operator)
    assert customer_state(visible_customers(operator).get(slug="acme")).effective == {"quiet", "calling"}


def test_hooks_never_get_an_empty_secret(sealed, operator, settings):
    manager.disable("calling", actor=operator)
    settings.WEBNET_SETTINGS_KEYS = [NEW]
    Calling.calls.clear()

    with pytest.raises(HookFailed, match="put its key back"):
        manager.enable("calling", actor=operator)

    assert Calling.calls == []


def test_a_secret_whose_key_is_gone_can_be_given_anew_or_removed(sealed, operator, settings):
    settings.WEBNET_SETTINGS_KEYS = [NEW]

    with pytest.raises(InvalidSettings) as refused:
        manager.update_settings("calling", actor=operator, patch={"key": "new"})
    assert [issue.path for issue in refused.value.issues] == ["/keys/a~1b"]

    manager.update_settings("calling", actor=operator, patch={"key": "new", "keys": None}, allow_invalid=True)
    for slug in ("acme", "beta"):
        manager.update_settings("calling", actor=operator, customer=slug, patch={"key": None})
    assert open_all() == ["new"] * 3


def test_a_secret_copied_to_another_customer_plugin_or_path_does_not_open(sealed):
    acme, beta = CustomerPluginConfig.objects.order_by("customer__slug")
    beta.secrets = acme.secrets
    beta.save()

    with pytest.raises(SecretUnreadable, match="encrypted for another customer, plugin or path"):
        open_all()
    place = {"customer_id": acme.customer_id, "plugin": "calling", "path": "/key"}
    sealed_text = acme.secrets["/key"]["sealed"]
    assert secrets.unseal(sealed_text, **place) == "acme's"
    for wrong in ({"customer_id": None}, {"plugin": "quiet"}, {"path": "/keys/key"}):
        with pytest.raises(SecretUnreadable):
            secrets.unseal(sealed_text, **{**place, **wrong})


def test_the_embedded_key_is_made_once_and_for_its_owner_only(settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path / "data"
    place = {"customer_id": 1, "plugin": "calling", "path": "/key"}

    sealed_text = secrets.seal("x", **place)

    file = tmp_path / "data" / "settings.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["settings.key"]
    secrets._embedded_key.cache_clear()
    assert secrets.unseal(sealed_text, **place) == "x"


def test_what_is_no_key_is_said_without_repeating_it(settings):
    settings.WEBNET_SETTINGS_KEYS = ["not-a-key"]

    with pytest.raises(Exception, match="contains something that is not a Fernet key") as raised:
        secrets.seal("x", customer_id=None, plugin="calling", path="/key")

    (warning,) = check_settings_keys()
    assert "not a Fernet key" in warning.msg
    assert "not-a-key" not in str(raised.value) + warning.msg
    settings.WEBNET_SETTINGS_KEYS = [OLD]
    assert check_settings_keys() == []
