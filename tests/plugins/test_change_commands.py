"""The commands that change plugins for everybody, for one customer or for many, as a script uses them."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.api.plugins import Greeter, Inventory, Map, Refusing
from tests.factories import make_customer
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
THREE = ("acme", "globex", "initech")


@pytest.fixture
def customers():
    return [make_customer(slug) for slug in THREE]


def run(*arguments, stdin=""):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(stdin))
        call_command(*arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue()


@contextmanager
def refused(sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)) as raised:
        yield raised
    assert raised.value.returncode == 1


def listed(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "customers.txt"
    file.write_text("\n".join(lines), encoding="utf-8-sig")
    return str(file)


def switches(plugin: str) -> dict[str, bool | None]:
    rows = CustomerPluginConfig.objects.filter(plugin__name=plugin)
    return dict(rows.order_by("customer__slug").values_list("customer__slug", "enabled"))


class TestForWhom:
    def test_customers_are_repeated_or_listed_in_a_file_and_each_is_changed_once(self, install, customers, tmp_path):
        install(Inventory(), enabled=True)
        file = listed(tmp_path, "# those in the north", "globex", "", "  initech  ", "acme")

        out = run("enable_plugin", "inventory", "--customer", "acme", "--customers-from", file)

        assert out.splitlines() == [
            *[f"'inventory' is enabled for '{slug}'." for slug in THREE],
            "3 customers: 3 changed, 0 unchanged, 0 refused.",
        ]
        assert switches("inventory") == dict.fromkeys(THREE, True)

    def test_a_list_from_standard_input(self, install, customers):
        install(Inventory(), enabled=True)

        run("enable_plugin", "inventory", "--customers-from", "-", stdin="acme\nglobex\n")

        assert switches("inventory") == {"acme": True, "globex": True}

    def test_code_can_name_one_customer_as_a_text(self, install, customers):
        install(Inventory(), enabled=True)

        call_command("enable_plugin", "inventory", customer="acme", stdout=io.StringIO())

        assert switches("inventory") == {"acme": True}
        with refused("(CUSTOMER_NOT_FOUND)"):
            call_command("enable_plugin", "inventory", customer="", stdout=io.StringIO())

    def test_an_empty_list_is_refused_and_never_means_everybody(self, install, tmp_path):
        install(Inventory(), enabled=True)

        with refused("names no customer; nothing was changed."):
            run("disable_plugin", "inventory", "--customers-from", listed(tmp_path, "# none left"))

        assert PluginConfig.objects.get().enabled

    def test_an_empty_slug_is_no_customer_and_never_means_everybody(self, install):
        install(Inventory(), enabled=True)

        with refused("(CUSTOMER_NOT_FOUND)"):
            run("disable_plugin", "inventory", "--customer", "")

        assert PluginConfig.objects.get().enabled

    def test_a_list_that_can_not_be_read_is_refused(self, install, tmp_path):
        install(Inventory(), enabled=True)
        (tmp_path / "binary").write_bytes(b"\xff\xfe")

        with refused("can't be read: No such file or directory."):
            run("disable_plugin", "inventory", "--customers-from", str(tmp_path / "nowhere"))
        with refused("can't be read: it is not UTF-8."):
            run("disable_plugin", "inventory", "--customers-from", str(tmp_path / "binary"))

    def test_who_is_refused_does_not_stop_the_others_and_the_exit_code_tells(self, install, customers, capsys):
        install(Inventory(), enabled=True)
        err = io.StringIO()

        with refused("Refused for 1 of 3 customers."):
            names = [f"--customer={slug}" for slug in ("acme", "nobody", "globex")]
            call_command("enable_plugin", "inventory", *names, stdout=io.StringIO(), stderr=err, no_color=True)

        assert switches("inventory") == {"acme": True, "globex": True}
        assert err.getvalue() == "'nobody': There is no customer 'nobody'. (CUSTOMER_NOT_FOUND)\n"

    def test_what_is_wrong_in_a_list_is_named_with_its_line(self, install, customers, tmp_path):
        install(Inventory(), enabled=True)
        file = listed(tmp_path, "acme  # the first", "", "nobody", "globex", "acme", "no body")
        out, err = io.StringIO(), io.StringIO()

        with refused("Refused for 2 of 4 customers."):
            call_command("enable_plugin", "inventory", customers_from=file, stdout=out, stderr=err, no_color=True)

        assert err.getvalue().splitlines() == [
            "customers.txt, line 5: 'acme' is in line 1 already.",
            "customers.txt, line 3: 'nobody': There is no customer 'nobody'. (CUSTOMER_NOT_FOUND)",
            "customers.txt, line 6: 'no body': There is no customer 'no body'. (CUSTOMER_NOT_FOUND)",
        ]
        assert out.getvalue().splitlines()[-1] == (
            "4 customers: 2 changed, 0 unchanged, 2 refused (2 CUSTOMER_NOT_FOUND)."
        )

    def test_more_customers_than_a_batch_holds(self, install, customers, monkeypatch):
        monkeypatch.setattr("webnet.plugins.management.switch_command.CHUNK_SIZE", 2)
        install(Inventory(), enabled=True)

        run("enable_plugin", "inventory", "--customers-from", "-", stdin="\n".join(THREE))

        assert switches("inventory") == dict.fromkeys(THREE, True)

    def test_each_customer_has_an_audit_row_with_the_command_and_the_reason(self, install, customers):
        install(Inventory(), enabled=True)

        run("enable_plugin", "inventory", "--customer", "acme", "--customer", "globex", "--reason", "Launch")

        rows = PluginAuditLog.objects.filter(actor_name="command: enable_plugin", reason="Launch")
        assert sorted(rows.values_list("customer_slug", "action")) == [
            ("acme", "enable_customer_plugin"),
            ("globex", "enable_customer_plugin"),
        ]


class TestSwitching:
    def test_enable_also_sets_the_availability_for_everybody(self, install):
        install(Inventory())

        run("enable_plugin", "inventory", "--availability", "default_on")

        row = PluginConfig.objects.get()
        assert (row.enabled, row.availability) == (True, Availability.DEFAULT_ON)

    def test_an_availability_is_not_set_along_for_some_customers(self, install, customers):
        install(Inventory(), enabled=True)

        with refused("use 'manage.py set_availability'"):
            run("enable_plugin", "inventory", "--availability", "required", "--customer", "acme")

    def test_reset_forgets_the_choices_of_customers_and_is_not_for_everybody(self, install, customers):
        install(Inventory(), enabled=True)
        run("enable_plugin", "inventory", "--customer", "acme")

        assert "left to its availability for 'acme'" in run("reset_plugin", "inventory", "--customer", "acme")

        assert switches("inventory") == {"acme": None}
        with refused("give --customer or --customers-from"):
            run("reset_plugin", "inventory")

    def test_a_dry_run_shows_the_plan_and_changes_nothing(self, install, customers):
        install(Inventory(), Map())

        out = run("enable_plugin", "map", "--with-dependencies", "--dry-run")

        assert out.splitlines() == ["Enable 'inventory'.", "Enable 'map'."]
        assert not PluginConfig.objects.filter(enabled=True).exists()
        assert not PluginAuditLog.objects.filter(action="enable_plugin").exists()
        with refused("This needs --with-dependencies, for 'inventory'."):
            run("enable_plugin", "map", "--dry-run")

    def test_a_dry_run_for_customers_names_who_would_be_refused(self, install, customers):
        install(Inventory(), enabled=True)
        run("enable_plugin", "inventory", "--customer", "globex")

        with refused("'nobody': There is no customer 'nobody'. (CUSTOMER_NOT_FOUND)"):
            names = [f"--customer={slug}" for slug in ("acme", "nobody", "globex")]
            run("enable_plugin", "inventory", "--dry-run", *names)

        assert switches("inventory") == {"globex": True}

    def test_a_hook_that_raises_is_a_refusal_without_its_text(self, install):
        install(Refusing())

        with refused("(HOOK_FAILED)") as raised:
            run("enable_plugin", "refusing")

        assert "Monday" not in str(raised.value)


class TestAvailability:
    def test_for_everybody_for_some_and_inherited_again(self, install, customers):
        install(Inventory(), enabled=True)

        run("set_availability", "inventory", "default_on")
        out = run("set_availability", "inventory", "withheld", "--customer", "acme", "--customer", "globex")
        run("set_availability", "inventory", "inherited", "--customer", "globex")

        assert PluginConfig.objects.get().availability == Availability.DEFAULT_ON
        rows = CustomerPluginConfig.objects.order_by("customer__slug").values_list("availability", flat=True)
        assert list(rows) == [Availability.WITHHELD, ""]
        assert out.splitlines()[0] == "The availability of 'inventory' for 'acme' is withheld."
        with refused("is for customers"):
            run("set_availability", "inventory", "inherited")


class TestSettings:
    def test_from_standard_input_for_everybody_and_from_a_file_for_customers(self, install, customers, tmp_path):
        install(Greeter(), enabled=True)
        file = tmp_path / "settings.json"
        file.write_text('{"greeting": "Moin"}', encoding="utf-8-sig")

        first = run("set_settings", "greeter", "-", stdin='{"greeting": "Hi", "limit": 9}')
        again = run("set_settings", "greeter", "-", stdin='{"greeting": "Hi"}')
        run("set_settings", "greeter", str(file), "--customer", "acme", "--customer", "globex")

        assert first == "The settings of 'greeter' are now at revision 1.\n"
        assert again == "The settings of 'greeter' stay at revision 1.\n"
        assert PluginConfig.objects.get().settings == {"greeting": "Hi", "limit": 9}
        assert [row.settings for row in CustomerPluginConfig.objects.all()] == [{"greeting": "Moin"}] * 2

    def test_a_secret_is_sealed_and_in_no_output_and_no_audit_row(self, install, customers):
        install(Greeter(), enabled=True)

        out = run("set_settings", "greeter", "-", "--customer", "acme", stdin='{"key": "hunter2"}')

        row = CustomerPluginConfig.objects.get()
        assert layers.opened_secrets(row, plugin="greeter") == {"/key": "hunter2"}
        assert "hunter2" not in out + json.dumps(row.settings)
        assert not PluginAuditLog.objects.filter(after__icontains="hunter2").exists()

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ('{"key": hunter2}', "'-' is not JSON: Expecting value (line 1)."),
            ("", "'-' is not JSON: Expecting value (line 1)."),
            ("[" * 200_000, "'-' is nested too deeply."),
            ('{"key": "hunter2", "key": "b"}', "'-' can't be read: it has 'key' twice in one object."),
            ('{"limit": NaN}', "/limit: must be a finite number"),
            ('{"limit": 18446744073709551616}', "/limit: must fit into 64 bits"),
            ('{"greeting": "\\ud800"}', "/greeting: has a character that can't be stored"),
            ('["hunter2"]', "A patch of settings must be a JSON object. "),
            ('{"limit": "hunter2"}', "/limit: must be an integer"),
            ('{"greting": "hunter2"}', "did you mean 'greeting'?"),
        ],
    )
    def test_what_is_not_valid_is_refused_with_its_path_and_without_its_value(self, install, text, sentence):
        install(Greeter(), enabled=True)

        with pytest.raises(CommandError) as raised:
            run("set_settings", "greeter", "-", stdin=text)

        assert sentence.strip() in str(raised.value) and "hunter2" not in str(raised.value)
        assert PluginConfig.objects.get().settings == {}

    def test_one_standard_input_is_not_read_twice(self, install):
        install(Greeter(), enabled=True)

        with refused("Only one of FILE and --customers-from can be standard input."):
            run("set_settings", "greeter", "-", "--customers-from", "-")

    def test_a_revision_that_somebody_else_has_made_is_a_conflict(self, install):
        install(Greeter(), enabled=True)
        run("set_settings", "greeter", "-", stdin='{"limit": 3}')

        with refused("(REVISION_CONFLICT)"):
            run("set_settings", "greeter", "-", "--expected-revision", "0", stdin='{"limit": 4}')

    def test_a_revision_is_restored_and_0_removes_everything(self, install, customers):
        install(Greeter(), enabled=True)
        for limit in (3, 4):
            run("set_settings", "greeter", "-", stdin=json.dumps({"limit": limit}))

        out = run("revert_settings", "greeter", "1")

        assert out == "The settings of 'greeter' are now at revision 3.\n"
        assert PluginConfig.objects.get().settings == {"limit": 3}
        run("set_settings", "greeter", "-", "--customer", "acme", stdin='{"greeting": "Hi"}')
        run("revert_settings", "greeter", "0", "--customer", "acme", "--customer", "globex")
        assert CustomerPluginConfig.objects.get(customer__slug="acme").settings == {}


class TestRolePermissions:
    def test_a_permission_is_granted_denied_and_left_to_its_default(self, install, customers):
        install(Greeter(), enabled=True)

        run("set_role_permission", "greeter.shout", "viewer", "grant", "--customer", "acme", "--customer", "globex")
        run("set_role_permission", "greeter.shout", "viewer", "deny", "--customer", "globex")
        out = run("set_role_permission", "greeter.shout", "viewer", "default", "--customer", "acme")

        rows = CustomerPluginConfig.objects.order_by("customer__slug").values_list("permissions", flat=True)
        assert list(rows) == [{}, {"shout": {"viewer": False}}]
        assert out == "'greeter.shout' is as declared for the role viewer for 'acme'.\n"
        with refused("(PERMISSION_NOT_FOUND)"):
            run("set_role_permission", "greeter.whisper", "viewer", "grant", "--customer", "acme")
        with refused("give --customer or --customers-from"):
            run("set_role_permission", "greeter.shout", "viewer", "grant")


def test_a_pause_is_ended_for_many_customers(install, customers):
    install(Inventory(), enabled=True)
    for slug in THREE[:2]:
        manager.pause("inventory", actor=SYSTEM, customer=slug)

    out = run("resume_plugin", "inventory", *[f"--customer={slug}" for slug in THREE])

    assert out.splitlines() == [
        "'inventory' is resumed for 'acme'.",
        "'inventory' is resumed for 'globex'.",
        "'inventory' is not paused for 'initech'.",
        "3 customers: 2 changed, 1 unchanged, 0 refused.",
    ]
