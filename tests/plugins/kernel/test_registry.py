"""What is installed: loaded in order, or put aside with its reason while the others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from webnet.containment import LoadFailure
from webnet.errors import NotFound, PluginDefinitionError, WebnetError
from webnet.plugins.base import PluginBase
from webnet.plugins.registry import Entry, PluginRegistry

Install = Callable[..., str]


def source(name: str, *, body: str = "", **members: Any) -> str:
    """A plugin.py for a plugin of that name."""
    lines = [f"    {member} = {value!r}" for member, value in ({"name": name, "version": "1.0"} | members).items()]
    body = "".join(f"    {line}\n" for line in body.splitlines())
    return "from webnet.plugins.base import PluginBase\nclass Plugin(PluginBase):\n" + "\n".join(lines) + "\n" + body


def load(*modules: str, **options: Any) -> PluginRegistry:
    registry = PluginRegistry()
    registry.load(modules, host_version="1.5", **options)
    return registry


def test_a_plugin_is_loaded_with_all_that_it_declares(install: Install) -> None:
    registry = load(install("demo", plugin=source("demo", dependencies=["other>=1"])))

    entry = registry.get("demo")

    assert (entry.status, entry.reason, entry.module) == ("loaded", "", "demo")
    assert entry.manifest is not None
    assert entry.manifest.dependencies[0].name == "other"
    assert registry.loaded() == registry.entries() == (entry,)


BAD = {
    "a syntax error": ("def (", "SyntaxError: invalid syntax"),
    "an import error": ("import not_there_at_all", "No module named 'not_there_at_all'"),
    "an exception": ("raise ValueError('no luck')", "ValueError: no luck"),
    "an exit": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "endless recursion": ("def f(): f()\nf()", "RecursionError"),
    "an exception without a text": ("class E(Exception):\n  def __str__(self): 1/0\nraise E", "raised E."),
    "an odd exception": ("class E(BaseException): pass\nraise E", "raised E."),
    "no class": ("", "has no plugin: add 'class Plugin(PluginBase)' to it."),
    "another class": ("class Plugin: pass", "has no plugin"),
    "the base itself": ("from webnet.plugins.base import PluginBase as Plugin", "has no plugin"),
    "a constructor that raises": (
        "from webnet.plugins.base import PluginBase\nclass Plugin(PluginBase):\n  def __init__(self): 1/0",
        "ZeroDivisionError",
    ),
    "no version": (source("bad", version=""), "version is missing"),
    "a bad declaration": (source("bad", body="def get_models(self): return 1"), "must return a list of model classes"),
    "a declaration that raises": (source("bad", body="def get_models(self): 1/0"), "get_models(): raised ZeroDivision"),
    "on_load that raises": (
        source("bad", body="def on_load(self): 1/0"),
        "on_load() of 'bad' raised ZeroDivisionError",
    ),
    "on_load that exits": (
        source("bad", body="def on_load(self): raise SystemExit"),
        "on_load() of 'bad' raised System",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_plugin_that_fails_is_kept_with_its_reason_and_the_others_load(fault: str, install: Install) -> None:
    code, reason = BAD[fault]
    install("bad", plugin=code)
    install("good", plugin=source("good"))

    registry = load("bad", "good")

    (failed,) = registry.failed()
    assert failed.name == failed.module == "bad"
    assert reason in failed.reason
    assert failed.reason.endswith(".")
    assert failed.traceback
    assert [entry.name for entry in registry.loaded()] == ["good"]


def test_ctrl_c_while_a_plugin_loads_stops_the_start(install: Install) -> None:
    install("slow", plugin="raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        load("slow")


def test_a_package_that_is_not_there_and_one_without_a_plugin_are_told_apart(install: Install) -> None:
    install("empty")

    registry = load("nowhere", "empty")

    assert registry.get("nowhere").reason == "Loading 'nowhere' raised ModuleNotFoundError: No module named 'nowhere'."
    assert registry.get("empty").reason == "'empty' has no plugin.py: add one with 'class Plugin(PluginBase)'."


def test_what_django_could_not_take_is_not_imported_again(install: Install) -> None:
    install("broken", plugin="raise AssertionError('imported')")

    registry = load("broken", failures={"broken": LoadFailure(reason="Its models raised.", traceback="…")})

    assert (registry.get("broken").reason, registry.get("broken").traceback) == ("Its models raised.", "…")


def test_a_plugin_for_another_host_is_incompatible_and_its_declarations_are_not_called(install: Install) -> None:
    install("future", plugin=source("future", webnet_version=">=2", body="def get_models(self): 1/0"))

    entry = load("future").get("future")

    assert entry.status == "incompatible"
    assert entry.reason == "It requires webnet >=2, but this is webnet 1.5: install a compatible version."
    assert entry.identity is not None
    assert entry.identity.version == "1.0"


def test_dependencies_load_first_whatever_the_order(install: Install) -> None:
    order = "import loading_order; loading_order.names.append(self.name)"
    install("loading_order", __init__="names = []")
    install("c", plugin=source("c", dependencies=["b"], body=f"def on_load(self): {order}"))
    install("b", plugin=source("b", dependencies=["a>=1"], body=f"def on_load(self): {order}"))
    install("a", plugin=source("a", body=f"def on_load(self): {order}"))

    registry = load("c", "b", "a")

    import loading_order  # type: ignore[import-not-found]  # written above

    assert loading_order.names == ["a", "b", "c"]
    assert [entry.name for entry in registry.loaded()] == ["a", "b", "c"]


def test_a_plugin_whose_dependency_failed_or_is_not_there_loads_all_the_same(install: Install) -> None:
    install("bad", plugin="1/0")
    install("site_plan", plugin=source("site_plan", dependencies=["bad", "nowhere"]))

    assert load("site_plan", "bad").get("site_plan").status == "loaded"


def test_plugins_in_a_circle_fail_with_the_full_path_and_others_load(install: Install) -> None:
    install("a", plugin=source("a", dependencies=["b"]))
    install("b", plugin=source("b", dependencies=["a"]))
    install("c", plugin=source("c", dependencies=["a"]))

    registry = load("c", "a", "b")

    assert registry.get("a").reason == "'a' needs 'b', which needs 'a': remove one of these dependencies."
    assert {entry.name: entry.status for entry in registry.entries()} == {"a": "failed", "b": "failed", "c": "loaded"}


def test_a_name_that_is_taken_sets_the_later_plugin_aside_naming_both(install: Install) -> None:
    install("first", plugin=source("demo"))
    install("second", plugin=source("demo"))

    registry = load("first", "second")

    assert registry.get("demo").module == "first"
    reason = "'second' and 'first' both declare a plugin named 'demo': rename one of them."
    assert registry.get("second").reason == reason


def test_a_broken_module_does_not_take_a_name_from_a_plugin_that_has_it(install: Install) -> None:
    install("acme")
    install("acme.maps", plugin="1/0")
    install("good", plugin=source("maps"))

    registry = load("acme.maps", "good")

    assert registry.get("maps").status == "loaded"
    assert registry.get("acme_maps_module").module == "acme.maps"


def test_each_failed_plugin_has_a_name_of_its_own(install: Install) -> None:
    install("x")
    install("y")
    install("x.maps", plugin="1/0")
    install("y.maps", plugin="1/0")

    assert {entry.name for entry in load("x.maps", "y.maps").failed()} == {"maps", "y_maps"}


def test_a_failed_plugin_of_a_long_module_has_a_name_that_a_row_can_hold(install: Install) -> None:
    long = "x" * 120

    registry = load(f"{long}_one", f"{long}_two", f"{long}.maps", install("maps", plugin=source("maps")))

    one, two, three, maps = registry.entries()
    names = [one.name, two.name, three.name]
    assert [len(name) for name in names] == [100, 100, 100] and len(set(names)) == 3
    assert all(name.startswith("x" * 80) for name in names)
    assert (maps.name, maps.status) == ("maps", "loaded")
    assert f"No module named '{long}_one'" in one.reason


def test_a_module_that_is_listed_twice_loads_once(install: Install) -> None:
    install("demo", plugin=source("demo"))

    assert len(load("demo", "demo").entries()) == 1


class Throwaway(PluginBase):
    name = "throwaway"
    version = "1.0"


def test_a_test_registers_a_plugin_of_its_own() -> None:
    registry = PluginRegistry()
    plugin = Throwaway()

    entry = registry.register(plugin)

    assert registry.get("throwaway") is entry
    assert entry.plugin is plugin


def test_registering_raises_what_loading_would_put_aside() -> None:
    registry = PluginRegistry()
    registry.register(Throwaway())

    with pytest.raises(PluginDefinitionError, match="both declare a plugin named 'throwaway'"):
        registry.register(Throwaway())
    with pytest.raises(PluginDefinitionError, match="name is missing"):
        registry.register(PluginBase())
    with pytest.raises(PluginDefinitionError, match="requires webnet >=2"):
        registry.register(type("Plugin", (Throwaway,), {"name": "new", "webnet_version": ">=2"})(), host_version="1")


def test_a_name_that_is_not_there_is_not_found() -> None:
    assert PluginRegistry().find("nowhere") is None
    with pytest.raises(NotFound, match="There is no plugin 'nowhere'"):
        PluginRegistry().get("nowhere")


def test_a_frozen_registry_takes_nothing_more() -> None:
    registry = PluginRegistry()
    registry.freeze()

    with pytest.raises(WebnetError, match="restart the process"):
        registry.register(Throwaway())
    with pytest.raises(WebnetError, match="restart the process"):
        registry.load(["demo"], host_version="1")


def test_unloading_calls_the_hook_and_lets_the_plugin_go_also_when_frozen() -> None:
    called: list[str] = []
    registry = PluginRegistry()
    registry.register(type("Plugin", (Throwaway,), {"on_unload": lambda self: called.append(self.name)})())
    registry.freeze()

    registry.unload("throwaway")
    registry.unload("throwaway")

    assert called == ["throwaway"]
    assert registry.get("throwaway").status == "unloaded"
    assert registry.loaded() == ()


def test_unloading_survives_a_hook_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    registry = PluginRegistry()
    registry.register(type("Plugin", (Throwaway,), {"on_unload": lambda self: 1 / 0})())

    registry.unload("throwaway")

    assert registry.get("throwaway").status == "unloaded"
    assert "on_unload() of 'throwaway' raised ZeroDivisionError" in caplog.text


def test_a_loaded_plugin_can_be_set_aside_later() -> None:
    registry = PluginRegistry()
    registry.register(Throwaway())
    registry.freeze()

    registry.set_aside("throwaway", LoadFailure(reason="Its type 'Device' is there twice."))

    assert [entry.reason for entry in registry.failed()] == ["Its type 'Device' is there twice."]


def test_every_failure_is_logged_with_the_plugins_name(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("bad", plugin="1/0")

    load("bad")

    assert [(r.levelno, r.name) for r in caplog.records] == [(logging.ERROR, "webnet.plugins.registry")]
    assert "Plugin 'bad' could not be loaded." in caplog.text


def test_a_plugin_is_found_by_its_name_without_a_walk_along_all() -> None:
    walks: list[int] = []

    class Entries(dict[str, Entry]):
        def values(self):  # type: ignore[no-untyped-def]
            walks.append(1)
            return super().values()

    registry = PluginRegistry()
    registry.register(Throwaway())
    registry._entries = Entries(registry._entries)
    registry.find("nowhere")
    before = len(walks)

    assert registry.get("throwaway").plugin is not None
    assert registry.find("nowhere") is None and len(walks) == before


def test_a_name_finds_what_it_stands_for_now() -> None:
    registry = PluginRegistry()
    assert registry.find("throwaway") is None

    registry.register(Throwaway())
    loaded = registry.get("throwaway")
    registry.unload("throwaway")

    assert (loaded.status, registry.get("throwaway").status) == ("loaded", "unloaded")
    assert registry.find_manifest("throwaway") is None


def test_of_two_that_share_a_name_the_first_is_found() -> None:
    registry = PluginRegistry()

    for module in ("first", "second"):
        registry._put(Entry(module=module, name="shared", status="unloaded"))

    assert registry.get("shared").module == "first"
