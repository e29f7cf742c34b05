"""`manage.py check_plugin_health`: who is asked, what is printed, and how it ends."""

import re

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_customer
from tests.plugins.test_health import Inventory
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.plugins.health import probe
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth

pytestmark = pytest.mark.django_db


def named(name, answer=None):
    return type(name.title(), (Inventory,), {"name": name, "answer": answer})()


@pytest.fixture(autouse=True)
def _fresh_lanes():
    probe._lane.cache_clear()


@pytest.fixture
def run(capsys):
    """Runs the command; returns its exit code and the lines it printed, with every duration as 1 ms."""

    def run_command(*arguments):
        try:
            call_command("check_plugin_health", *arguments, no_color=True)
            code = 0
        except SystemExit as ended:
            code = ended.code
        return code, re.sub(r"\d+ ms", "1 ms", capsys.readouterr().out).splitlines()

    return run_command


def test_every_enabled_plugin_is_in_the_table(install, run):
    install(named("alpha"), named("beta", {"status": "degraded", "message": "Slow,\n  today."}), enabled=True)

    assert run() == (
        0,
        ["name   status    duration  message", "alpha  healthy   1 ms", "beta   degraded  1 ms      Slow, today."],
    )
    assert PluginHealth.objects.count() == 2


@pytest.mark.parametrize("answer", [False, ValueError("private"), object()])
def test_one_that_is_ill_or_gives_no_usable_answer_ends_it_with_1(install, run, answer):
    install(named("alpha"), named("beta", answer), enabled=True)

    code, lines = run()

    assert code == 1 and len(lines) == 3
    assert "private" not in "".join(lines)


def test_one_that_is_enabled_and_can_not_run_is_told_and_ends_it_with_1(install, run):
    install(named("alpha"), named("beta"), enabled=True)
    PluginConfig.objects.filter(name="beta").update(status="failed", status_reason="It broke.")
    renew_platform()

    code, lines = run()

    assert code == 1
    assert lines[2] == "beta   failed             'beta' can't run (failed): It broke."


def test_only_those_named_are_asked_also_if_they_are_off(install, run):
    install(named("alpha"), named("beta", False))

    assert run("alpha")[0] == 0
    assert [line.split()[0] for line in run("beta", "alpha", "beta")[1]] == ["name", "beta", "alpha"]


def test_for_a_customer_those_are_asked_that_are_effective_for_it(install, run):
    install(named("alpha"), named("beta", False), enabled=True)
    acme = make_customer("acme")
    CustomerPluginConfig.objects.create(customer=acme, plugin=PluginConfig.objects.get(name="alpha"), enabled=True)

    code, lines = run("--customer", "acme")

    assert (code, [line.split()[0] for line in lines]) == (0, ["name", "alpha"])
    assert PluginHealth.objects.get().customer == acme


def test_where_there_is_nothing_to_ask_it_says_so(install, run):
    install(named("alpha"))
    make_customer("acme")

    assert run() == (0, ["Nothing to check: no plugin is enabled."])
    assert run("--customer", "acme") == (0, ["Nothing to check: no plugin is effective for 'acme'."])


def test_the_reason_is_in_the_audit_log(install, run):
    install(named("alpha"), enabled=True)

    assert run("--reason", "After the move")[0] == 0

    row = PluginAuditLog.objects.get(action="check_plugin_health")
    assert (row.plugin_name, row.reason) == ("alpha", "After the move")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "There is no plugin 'nowhere'. (PLUGIN_NOT_FOUND)"),
        (["--customer", "nobody"], "There is no customer 'nobody'. (CUSTOMER_NOT_FOUND)"),
        (["--watch", "--interval", "0"], "must be a number of seconds above 0, not '0'"),
        (["--watch", "--interval", "nan"], "must be a number of seconds above 0, not 'nan'"),
    ],
)
def test_what_can_not_be_is_refused_in_words(install, arguments, words):
    install(named("alpha"))

    with pytest.raises(CommandError, match=re.escape(words)):
        call_command("check_plugin_health", *arguments)
