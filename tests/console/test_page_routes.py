"""Pages that can't be mounted set their plugin aside when it starts, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from webnet.console.dashboard.page_routes import find_page, set_aside_unmountable
from webnet.plugins.base import NavigationItem, PluginBase, UIView
from webnet.plugins.registry import PluginRegistry


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse("shown")


def plugin(name: str = "demo", *, views: list[UIView] | None = None, items: list[Any] | None = None) -> PluginBase:
    declared = {"get_ui_views": lambda self: views, "get_navigation_items": lambda self: items}
    return type("Demo", (PluginBase,), {"name": name, "version": "1", **declared})()


def registry_with(*plugins: PluginBase) -> PluginRegistry:
    registry = PluginRegistry()
    for each in plugins:
        registry.register(each)
    return registry


FIRST = UIView(name="first", path="", view=show)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            plugin(views=[UIView(name="bad", path="<nothing:year>/", view=show)]),
            "Mounting the pages of 'demo' raised ImproperlyConfigured: URL route '<nothing:year>/' uses invalid",
        ),
        (
            plugin(views=[UIView(name="bad", path="<int:year>/<int:year>/", view=show)]),
            "Mounting the pages of 'demo' raised ",
        ),
        (
            plugin(views=[FIRST], items=[NavigationItem(label="Lost", url="lost/")]),
            "Plugin 'demo', get_navigation_items(): 'Lost' leads to 'lost/', which is not a page of the plugin: "
            "declare it in get_ui_views().",
        ),
        (
            plugin(items=[NavigationItem(label="Home", url="")]),
            "Plugin 'demo', get_navigation_items(): 'Home' leads to '', which is not a page of the plugin",
        ),
    ],
    ids=["no such converter", "a parameter twice", "a lost entry", "no page at all"],
)
def test_a_page_that_can_not_be_mounted_sets_its_plugin_aside_with_the_reason(bad: PluginBase, reason: str) -> None:
    registry = registry_with(bad, plugin("good", views=[FIRST], items=[NavigationItem(label="Home", url="")]))

    set_aside_unmountable(registry)

    assert registry.get("demo").status == "failed"
    assert registry.get("demo").reason.startswith(reason)
    assert registry.get("good").status == "loaded"


def test_entries_may_lead_to_pages_with_parameters_and_queries() -> None:
    views = [UIView(name="year", path="<int:year>/", view=show)]
    items = [NavigationItem(label="Now", url="2026/?open=1#top"), NavigationItem(label="Out", url="/x/")]
    registry = registry_with(plugin(views=views, items=items))

    set_aside_unmountable(registry)

    assert registry.get("demo").status == "loaded"


def test_the_first_page_that_matches_is_shown(registered) -> None:
    registered(
        plugin(views=[UIView(name=name, path=path, view=show) for name, path in (("a", "<slug:x>/"), ("b", "b/"))])
    )

    found = find_page("demo", "b/")

    assert found is not None
    assert (found.page.name, dict(found.arguments)) == ("a", {"x": "b"})
    assert find_page("demo", "b") is None
    assert find_page("unheard", "b/") is None
