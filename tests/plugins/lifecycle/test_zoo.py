"""Bad plugins, each alone and all together: the host, the good plugins and the other customers go on."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from graphql import ObjectTypeDefinitionNode, OperationDefinitionNode, parse

from tests import interpreters
from tests.databases import one_database_is_enough
from tests.events.streams import StreamClient
from tests.plugins.lifecycle import zoo, zoo_keeper
from tests.plugins.lifecycle.conftest import make_installation
from tests.plugins.lifecycle.installation import LONGEST_SECONDS, PRELUDE, Installation
from tests.servers import ROOT, serve_webnet

Boot = Callable[..., Any]
Look = Callable[[str], dict[str, Any]]

LOOK_AFTER = "report = zoo_keeper.look_after(*BAD)"
LOOK_AFTER_AND_CALL = "report = zoo_keeper.look_after(*BAD, called=BAD)"


@pytest.fixture
def boot(installation: Installation) -> Boot:
    """Runs code in an installation that has the good plugins, and before them these bad ones."""
    return partial(boot_installation, installation)


@pytest.fixture(scope="module")
def seen_with(template: Installation, tmp_path_factory: pytest.TempPathFactory, folder_of_run: Path) -> Look:
    """All that is seen in the boot of the party that this one belongs to, "" for no bad plugin.

    Each party is booted once in a run, whichever of its processes needs it first.
    """

    @cache
    def see(party: tuple[str, ...]) -> dict[str, Any]:
        code = LOOK_AFTER_AND_CALL if party[0] in zoo.MISBEHAVING else LOOK_AFTER
        with (folder_of_run / f"seen-with-{party[0]}.json").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if known := file.read():
                return json.loads(known)
            with make_installation(template, tmp_path_factory.mktemp("party")) as installation:
                seen = boot_installation(installation, *party, code=code)
            file.write(json.dumps(seen))
            return seen

    return lambda name: see(zoo.party_of(name))


def boot_installation(installation: Installation, *bad: str, code: str = LOOK_AFTER, **changes: str) -> Any:
    head = dedent(PRELUDE) + "from tests.plugins.lifecycle import zoo_keeper\n"
    script = f"{head}BAD = {bad!r}\n{dedent(code)}\nprint(json.dumps(report))"
    environment = environment_of(installation, *bad) | changes
    ran = interpreters.run(["-c", script], environment=environment, folder=ROOT, timeout=LONGEST_SECONDS)
    assert ran.returncode == 0, f"The process ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    return json.loads(ran.stdout.splitlines()[-1])


def environment_of(installation: Installation, *bad: str) -> dict[str, str]:
    path = os.pathsep.join(map(str, (zoo.ZOO, zoo.ZOO.with_name("sample_plugins"), ROOT)))
    # Each is called often here, and none shall be paused for it before all was seen.
    return installation.environment(*bad, *zoo_keeper.GOOD) | {
        "DJANGO_SETTINGS_MODULE": "tests.plugins.lifecycle.zoo_settings",
        "PYTHONPATH": path,
        "WEBNET_PAUSE_AFTER_FAILURES": "1000000",
    }


def assert_nobody_else_notices(seen: dict[str, Any]) -> None:
    """The host answers all it is asked, and the good plugins are there for both customers."""
    for who, visit in seen["visits"].items():
        assert "errors" not in visit["host"], (who, visit["host"]["errors"])
        assert "errors" not in visit["good"], (who, visit["good"]["errors"])
        assert visit["host"]["data"]["viewer"]["user"]["username"] == who
        greeting = next(w for w in visit["good"]["data"]["dashboardWidgets"] if w["plugin"]["name"] == "hello_world")
        assert (greeting["error"], list(greeting["data"])) == (None, ["text"])
        assert set(visit["pages"].values()) == {200}, visit["pages"]
    assert codes(seen, "showmigrations", "makemigrations", "list_plugins", "export_schema") == [0, 0, 0, 0]


def assert_globex_is_answered_as_without_them(seen: dict[str, Any], seen_with: Look) -> None:
    """To the byte: the customer that they are withheld from gets what a host answers that has none of them."""
    with_them, without = (each["visits"]["gus"] for each in (seen, seen_with("")))
    assert json.dumps(with_them) == json.dumps(without)


def codes(seen: dict[str, Any], *commands: str) -> list[int]:
    return [seen["commands"][command][1] for command in commands]


def plugins_as(seen: dict[str, Any], who: str) -> dict[str, dict[str, Any]]:
    edges = seen["visits"][who]["host"]["data"]["plugins"]["edges"]
    return {edge["node"]["name"]: edge["node"] for edge in edges}


def assert_explained(seen: dict[str, Any], name: str) -> None:
    """Status, reason and traceback, in the API and on the command line; others than operators see neither."""
    status, reason = zoo.PUT_ASIDE[name]
    shown, others = plugins_as(seen, "platform")[name], plugins_as(seen, "ann")
    assert shown["status"] == status.upper()
    assert reason in shown["statusReason"]
    assert (shown["statusTraceback"] is None) is (name in zoo.WITHOUT_TRACEBACK), shown["statusTraceback"]
    listed, checked = (seen["commands"][command][0] for command in ("list_plugins", "check"))
    assert reason in listed
    assert name in zoo.WITHOUT_TRACEBACK or "Traceback (most recent call last):" in listed
    assert status == "needs_migration" or f"Plugin '{name}' could not be loaded. " in checked
    assert {plugin["statusTraceback"] for plugin in others.values()} == {None}
    assert {plugin["statusReason"] for plugin in others.values()} == {None}


@one_database_is_enough
def test_all_that_a_query_can_ask_of_the_host_is_asked() -> None:
    definitions = parse((ROOT / "schema.graphql").read_text()).definitions
    (query,) = (d for d in definitions if isinstance(d, ObjectTypeDefinitionNode) and d.name.value == "Query")
    (asked,) = (d for d in parse(zoo_keeper.HOST_QUERY).definitions if isinstance(d, OperationDefinitionNode))

    assert {field.name.value for field in asked.selection_set.selections} == {f.name.value for f in query.fields}


@one_database_is_enough
@pytest.mark.parametrize("bad", zoo.PUT_ASIDE)
def test_a_plugin_that_can_not_be_loaded_is_put_aside_alone(bad: str, seen_with: Look) -> None:
    seen = seen_with(bad)

    assert_nobody_else_notices(seen)
    assert_globex_is_answered_as_without_them(seen, seen_with)
    assert_explained(seen, bad)
    assert seen["enabling"][bad] == ["PLUGIN_NOT_RUNNABLE", "PLUGIN_NOT_RUNNABLE"]
    assert codes(seen, "migrate", "sync_plugins", "check") == [
        int(bad in ("failing_migration", "wrecking_migration")),
        1,
        int(bad == "no_tenancy"),
    ]
    assert zoo.PUT_ASIDE[bad][1] in seen["commands"]["sync_plugins"][0]


@one_database_is_enough
@pytest.mark.parametrize("bad", zoo.MISBEHAVING)
def test_a_plugin_that_goes_wrong_later_does_so_alone(bad: str, seen_with: Look) -> None:
    seen = seen_with(bad)

    assert_nobody_else_notices(seen)
    assert_globex_is_answered_as_without_them(seen, seen_with)
    assert codes(seen, "migrate", "sync_plugins", "check") == [0, 0, 0]
    assert plugins_as(seen, "platform")[bad]["status"] == "LOADED"
    assert_calls_fail_alone(seen, bad)


@one_database_is_enough
def test_a_party_is_of_one_kind_and_nobody_is_in_two() -> None:
    members = [name for party in zoo.PARTIES for name in party]

    assert len(members) == len(set(members)) and set(members) <= set(zoo.EVERY_ONE)
    assert all(len({name in zoo.MISBEHAVING for name in party}) == 1 for party in zoo.PARTIES)


def assert_calls_fail_alone(seen: dict[str, Any], name: str) -> None:
    hook, calls = zoo.MISBEHAVING[name], seen["calls"][name]
    status, message = hook.health
    assert (calls["health"]["status"], calls["health"]["message"][: len(message) or None]) == (status, message)
    assert seen["enabling"][name] == [None, "HOOK_FAILED" if hook.has_parts or hook.has_hook else None]
    widgets = seen["visits"]["ann"]["good"]["data"]["dashboardWidgets"]
    assert [w["error"] is not None for w in widgets if w["plugin"]["name"] == name] == [True] * hook.widgets
    if hook.has_parts:
        assert set(calls["pages"]) == {500}
    if hook.has_queries:
        bad, sound = {f"{name}Answer": None, f"{name}Scalar": None}, {f"{name}Sound": "sound"}
        assert calls["query"]["data"] == {**bad, **sound, "viewer": {"user": {"username": "ann"}}}
        errors = calls["query"]["errors"]
        assert [error["path"] for error in errors] == [[field] for field in bad]
        codes_of = {(error["extensions"]["code"], error["extensions"]["plugin"]) for error in errors}
        assert codes_of == {("PLUGIN_FAILED", name)}


@one_database_is_enough
def test_all_of_them_together_leave_the_host_standing(boot: Boot, installation: Installation, seen_with: Look) -> None:
    # That the others can't be enabled is shown for each above, and takes a while with so many plugins.
    enabled = tuple(zoo.MISBEHAVING)
    seen = boot(*zoo.EVERY_ONE, code=f"report = zoo_keeper.prepare(*BAD, enabled={enabled})")

    environment = environment_of(installation, *zoo.EVERY_ONE)
    with serve_webnet(installation.data_dir, **environment) as server:
        seen["visits"] = zoo_keeper.visit(server.url, seen)
        seen["calls"] = zoo_keeper.call(server.url, seen, tuple(zoo.MISBEHAVING))
        written, read = zoo_keeper.write_and_read(server.url, seen["people"])
        logged = server.wait_for("ConnectionLeftDirty")
        client = StreamClient(server, seen["people"]["ann"]["token"])
        ends = {name: end_of_stream(client, name) for name in ("aborting", "exiting", "raising", "recursing")}
        seen["visits"] = zoo_keeper.visit(server.url, seen)

    assert_nobody_else_notices(seen)
    assert_globex_is_answered_as_without_them(seen, seen_with)
    for name in zoo.PUT_ASIDE:
        assert_explained(seen, name)
    for name in zoo.MISBEHAVING:
        assert_calls_fail_alone(seen, name)
    assert codes(seen, "migrate", "sync_plugins", "check") == [1, 1, 1]
    assert set(ends.values()) == {"PLUGIN_FAILED"}
    # What `leaving` left on the connections met no write and no read of anybody else.
    assert read == written
    assert "'leaving'" in logged


def end_of_stream(client: StreamClient, name: str) -> str:
    stream = client.subscribe("acme", f"subscription {{ {name}Events }}")
    code = stream.end()["code"]
    client.close()
    return code


@one_database_is_enough
def test_without_the_isolation_each_of_them_stops_what_django_does(boot: Boot) -> None:
    """The negative control: what Django itself would make of some of them, were they not put aside."""
    seen = boot(
        "admin_error",
        "template_tags_error",
        "raising_receiver",
        "raising_check",
        "hiding_names",
        code="""
            from django.contrib.admin import autodiscover
            from django.core.checks import run_checks
            from django.core.management.sql import emit_post_migrate_signal
            from django.template.loader import render_to_string
            from webnet.plugins.loading import django_checks

            def render():
                sys.modules.pop("template_tags_error.templatetags")
                render_to_string("webnet/not_found.html")

            def check():
                import raising_check.apps
                from django.core.checks import register
                # This one alone: checks have no order, and Django's own look at the broken templates too.
                register(raising_check.apps.look, "zoo")
                run_checks(tags=["zoo"])

            def raised(call):
                try:
                    call()
                except Exception as error:
                    return type(error).__name__

            report = {
                "migrate": raised(lambda: emit_post_migrate_signal(verbosity=0, interactive=False, db="default")),
                "templates": raised(render),
                "check": raised(check),
                "admin": raised(autodiscover),
            }
        """,
    )

    assert seen == {
        "migrate": "RuntimeError",
        "templates": "ValueError",
        "check": "RuntimeError",
        "admin": "ImportError",
    }


@one_database_is_enough
def test_what_a_refused_model_had_hidden_of_the_hosts_is_there_again(boot: Boot) -> None:
    seen = boot(
        "hiding_names",
        code="""
            from django.db.models import ForeignKey
            acme = customers.create(actor=ME, slug="acme", name="Acme")
            plugin = PluginConfig.objects.create(name="x", verbose_name="X", status="loaded")
            config = CustomerPluginConfig.objects.create(customer_id=acme.pk, plugin=plugin)
            acme = Customer.objects.get()
            config = CustomerPluginConfig.objects.get()
            report = [acme.slug, list(acme.plugin_configs.all()) == [config], config.customer == acme]
        """,
    )

    assert seen == ["acme", True, True]


@one_database_is_enough
def test_safe_mode_starts_without_any_plugins_code(boot: Boot) -> None:
    code = """
        from webnet.plugins.registry import registry
        loaded = [name for name in sys.modules if name.partition(".")[0] in (*BAD, *zoo_keeper.GOOD)]
        report = {"loaded": loaded, "entries": len(registry.entries()), "migrate": zoo_keeper.run("migrate")[1]}
        report |= {"sync": zoo_keeper.run("sync_plugins")[1], "check": zoo_keeper.run("check")[1]}
    """

    seen = boot("dies_on_import", *zoo.EVERY_ONE, code=code, WEBNET_SAFE_MODE="1")

    assert seen == {"loaded": [], "entries": 0, "migrate": 0, "sync": 0, "check": 0}


@one_database_is_enough
def test_nothing_can_be_done_about_a_plugin_that_ends_the_process_itself(boot: Boot) -> None:
    """The negative control of the test above, and what the documentation says about `os._exit()`."""
    with pytest.raises(AssertionError, match="ended with 7"):
        boot("dies_on_import")
