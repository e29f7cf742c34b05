"""What plugin authors write: the first example, hooks with and without their argument, and health answers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from webnet.plugins.base import HealthReport, HookContext, NavigationItem, PluginBase, call_hook, call_with
from webnet.plugins.kernel.manifest import read_manifest

CONTEXT = HookContext(customer=None, actor="ada", settings={"password": "hunter2"})


def test_the_first_example_of_the_documentation_is_a_plugin() -> None:
    from webnet.plugins.base import PluginBase

    class Plugin(PluginBase):
        name = "my_plugin"
        verbose_name = "My Plugin"
        version = "1.0.0"
        author = "Your Name"
        description = "Does awesome things"

        def get_navigation_items(self):  # type: ignore[no-untyped-def]  # verbatim
            return [{"label": "My Feature", "url": "/my-feature/", "icon": "puzzle", "order": 100}]

    manifest = read_manifest(Plugin())

    assert manifest.verbose_name == "My Plugin"
    assert manifest.navigation_items == (NavigationItem(label="My Feature", url="/my-feature/", icon="puzzle"),)
    assert manifest.settings_schema is None
    assert manifest.graphql is None


def test_a_hook_is_called_with_its_context() -> None:
    seen: list[object] = []

    class Plugin(PluginBase):
        def on_enable(self, context: HookContext) -> None:
            seen.append(context)

    call_hook(Plugin(), "on_enable", CONTEXT)

    assert seen == [CONTEXT]


def test_a_hook_written_without_the_context_is_called_without_it() -> None:
    seen: list[str] = []

    class Plugin(PluginBase):
        def on_enable(self) -> None:  # type: ignore[override]  # as the first plugins were written
            seen.append("called")

    call_hook(Plugin(), "on_enable", CONTEXT)

    assert seen == ["called"]


def test_a_hook_gets_the_leading_arguments_that_it_takes() -> None:
    assert call_with(lambda *each: each, 1, 2) == (1, 2)
    assert call_with(lambda first: first, 1, 2) == 1
    assert call_with(lambda first=0: first, 1) == 1
    assert call_with(lambda: "none", 1, 2) == "none"


def test_what_a_hook_raises_comes_through_also_a_type_error() -> None:
    class Plugin(PluginBase):
        def on_enable(self, context: HookContext) -> None:
            raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        call_hook(Plugin(), "on_enable", CONTEXT)


def test_the_hooks_that_are_not_written_do_nothing() -> None:
    plugin = PluginBase()

    assert call_hook(plugin, "on_enable", CONTEXT) is None
    assert call_hook(plugin, "migrate_settings", "1.0", {"a": 1}) == {"a": 1}
    assert HealthReport.read(call_hook(plugin, "health_check", CONTEXT)).status == "healthy"


def test_a_context_does_not_show_the_settings() -> None:
    assert "hunter2" not in repr(CONTEXT)


def test_declarations_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        NavigationItem(label="A", url="/").label = "B"  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, "healthy"),
        (True, "healthy"),
        (False, "unhealthy"),
        ({"status": "degraded", "message": "slow"}, "degraded"),
        (HealthReport(status="unhealthy"), "unhealthy"),
        ({"status": "splendid"}, "unknown"),
        ({"state": "healthy"}, "unknown"),
        (HealthReport(status=["healthy"]), "unknown"),  # type: ignore[arg-type]  # an author's mistake
        (HealthReport(status="healthy", details=["x"]), "unknown"),  # type: ignore[arg-type]  # an author's mistake
        ("fine", "unknown"),
        (1, "unknown"),
    ],
)
def test_a_health_answer_is_understood_or_unknown(answer: Any, status: str) -> None:
    assert HealthReport.read(answer).status == status
