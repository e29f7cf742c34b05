"""Every mistake that an author can make is told when the plugin loads, in one sentence with a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils.translation import gettext_lazy

from webnet.errors import PluginDefinitionError
from webnet.plugins.base import (
    DashboardWidget,
    Dependency,
    ExternalHost,
    GraphQLExtension,
    NavigationItem,
    Permission,
    PluginBase,
    UIView,
)
from webnet.plugins.kernel.manifest import read_manifest
from webnet.values.lazy_texts import is_lazy


def plugin(**members: Any) -> PluginBase:
    """A plugin that is right but for what is given; a callable or a value for any member of the class."""
    kind = type("Plugin", (PluginBase,), {"name": "demo", "version": "1.0", **members})
    made: PluginBase = kind()
    return made


def returning(value: Any) -> Callable[[PluginBase], Any]:
    return lambda self: value


class HostType: ...


class Fields: ...


def test_a_lazily_translated_text_stays_one_only_where_it_is_shown_to_a_viewer() -> None:
    manifest = read_manifest(
        plugin(
            description=gettext_lazy("Monday"),
            get_permissions=returning([{"name": "see", "description": gettext_lazy("Monday")}]),
            get_navigation_items=returning(
                [{"label": gettext_lazy("Monday"), "url": gettext_lazy("days/"), "permission": gettext_lazy("see")}]
            ),
            get_dashboard_widgets=returning(
                [{"name": gettext_lazy("w"), "title": gettext_lazy("Monday"), "data": str}]
            ),
        )
    )

    (item,), (widget,), (permission,) = manifest.navigation_items, manifest.dashboard_widgets, manifest.permissions
    assert is_lazy(item.label) and is_lazy(widget.title) and is_lazy(permission.description)
    assert {type(each) for each in (item.url, item.permission, widget.name, manifest.description)} == {str}


def test_dataclasses_and_equal_dicts_give_the_same_manifest() -> None:
    typed = plugin(
        dependencies=(Dependency(name="other", specifier=">=1"),),
        get_permissions=returning([Permission(name="see", description="See it", minimum_role="viewer")]),
        get_navigation_items=returning([NavigationItem(label="A", url="/a/", permission="see")]),
        get_dashboard_widgets=returning([DashboardWidget(name="w", title="W", data=str)]),
        get_ui_views=returning([UIView(name="main", path="", view=repr)]),
        get_graphql_schema=returning(GraphQLExtension(types=(Fields,), extends={HostType: Fields})),
        get_models=returning([HostType]),
        get_external_hosts=returning([ExternalHost(name="api.example.com:443", description="Asks for the weather.")]),
    )
    plain = plugin(
        dependencies=["other>=1"],
        get_permissions=returning([{"name": "see", "description": "See it", "minimum_role": "viewer"}]),
        get_navigation_items=returning([{"label": "A", "url": "/a/", "permission": "see"}]),
        get_dashboard_widgets=returning([{"name": "w", "title": "W", "data": str}]),
        get_ui_views=returning([{"name": "main", "path": "", "view": repr}]),
        get_graphql_schema=returning({"types": [Fields], "extends": {HostType: Fields}}),
        get_models=returning((HostType,)),
        get_external_hosts=returning([{"name": "api.example.com:443", "description": "Asks for the weather."}]),
    )

    assert read_manifest(typed) == read_manifest(plain)


def test_a_permission_is_kept_as_its_full_codename() -> None:
    items = [
        {"label": "A", "url": "/a/", "permission": "see"},
        {"label": "B", "url": "/b/", "permission": "demo.see"},
        {"label": "C", "url": "/c/", "permission": "other.see"},
    ]

    manifest = read_manifest(
        plugin(
            get_permissions=returning([{"name": "see", "description": "See it"}]),
            get_navigation_items=returning(items),
        )
    )

    assert [item.permission for item in manifest.navigation_items] == ["demo.see", "demo.see", "other.see"]


def test_a_generator_is_a_list_too() -> None:
    def items(self: PluginBase) -> Iterator[dict[str, str]]:
        yield {"label": "A", "url": "/a/"}

    assert len(read_manifest(plugin(get_navigation_items=items)).navigation_items) == 1


def test_declarations_of_nothing_are_nothing() -> None:
    manifest = read_manifest(plugin(get_navigation_items=returning(None), get_permissions=returning(())))

    assert manifest.navigation_items == manifest.permissions == ()
    assert manifest.models is None


def test_a_plugin_without_a_verbose_name_goes_by_its_name() -> None:
    assert read_manifest(plugin()).verbose_name == "demo"


WIDGET = {"name": "w", "title": "W", "data": str}
NAV = {"label": "A", "url": "/a/"}
VIEW = {"name": "v", "path": "v/", "view": repr}
MAY = {"name": "see", "description": "See it"}

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "name is missing: add name = 'my_plugin'"),
    "no version": ({"version": ""}, "'demo', class Plugin: version is missing: add version = '1.0.0'"),
    "a version that is none": (
        {"version": "one"},
        "'one' is not a valid version: use one like '1.0.0' (PEP 440)",
    ),
    "a version that is a number": ({"version": 1.0}, "version must be a string, not float"),
    "a name with a dash": (
        {"name": "my-plugin"},
        "'my-plugin' is not a valid name: use at most 100 lower-case",
    ),
    "a name with capitals": ({"name": "MyPlugin"}, "is not a valid name"),
    "a name that is too long": ({"name": "a" * 101}, "is not a valid name"),
    "a host version that can't be read": (
        {"webnet_version": "1.x"},
        "webnet_version is '1.x': use a version",
    ),
    "dependencies as one text": ({"dependencies": "other>=1"}, "dependencies: must be a list like ['device_inv"),
    "a dependency that can't be read": ({"dependencies": ["other=1"]}, "'other=1' is not a dependency: use a name and"),
    "a dependency that is no text": ({"dependencies": [3]}, "3 is not a dependency"),
    "a dependency that is no plugin": ({"dependencies": ["Other-Thing"]}, "'Other-Thing' is not a plugin name"),
    "a dependency twice": ({"dependencies": ["a>=1", "a<2"]}, "the plugin 'a' is declared twice"),
    "a dependency on itself": ({"dependencies": ["demo"]}, "the plugin depends on itself: remove its name"),
    "navigation without a label": (
        {"get_navigation_items": returning([{"url": "/a/"}])},
        "'demo', get_navigation_items(), item 1: 'label' is missing: a NavigationItem requires it.",
    ),
    "navigation without a url": (
        {"get_navigation_items": returning([NAV, {"label": "A"}])},
        "item 2: 'url' is missing",
    ),
    "navigation with an empty label": (
        {"get_navigation_items": returning([NAV | {"label": " "}])},
        "'label' must not be",
    ),
    "an unknown key": (
        {"get_navigation_items": returning([NAV | {"lable": "A"}])},
        "a NavigationItem has no field 'lable'; did you mean 'label'?",
    ),
    "an unknown key like no other": (
        {"get_navigation_items": returning([NAV | {"x": 1}])},
        "no field 'x' (its fields are label,",
    ),
    "a url that is a script": (
        {"get_navigation_items": returning([NAV | {"url": "javascript:x"}])},
        "must be relative to the plugin's pages",
    ),
    "an order that is a text": (
        {"get_navigation_items": returning([NAV | {"order": "1"}])},
        "'order' must be an integer",
    ),
    "an order that is a bool": ({"get_navigation_items": returning([NAV | {"order": True}])}, "not bool"),
    "one dict instead of a list": (
        {"get_navigation_items": returning(NAV)},
        "must return a list of NavigationItem, not d",
    ),
    "one item instead of a list": (
        {"get_navigation_items": returning(NavigationItem(label="A", url="/"))},
        "must return a list of NavigationItem, not NavigationItem",
    ),
    "a text instead of a list": ({"get_permissions": returning("see")}, "must return a list of Permission, not str"),
    "a number instead of a list": ({"get_ui_views": returning(7)}, "must return a list of UIView, not int"),
    "an item of another kind": (
        {"get_permissions": returning([NavigationItem(label="A", url="/")])},
        "must be a Permis",
    ),
    "a permission that is not declared": (
        {"get_navigation_items": returning([NAV | {"permission": "see"}])},
        "'A' requires the permission 'see': declare it in get_permissions()",
    ),
    "a permission for no role": (
        {"get_permissions": returning([MAY | {"minimum_role": "boss"}])},
        "viewer, operator, adm",
    ),
    "a host that is an address of a page": (
        {"get_external_hosts": returning([{"name": "https://example.com/", "description": "x"}])},
        "item 1: 'https://example.com/' is not a host: use a host name or an IP address, like",
    ),
    "a host twice": (
        {"get_external_hosts": returning([{"name": "*", "description": each} for each in "xy"])},
        "the host '*' is declared twice",
    ),
    "a permission twice": ({"get_permissions": returning([MAY, MAY])}, "the permission 'see' is declared twice"),
    "a permission with a dot": (
        {"get_permissions": returning([MAY | {"name": "demo.see"}])},
        "'demo.see' is not a valid name",
    ),
    "a widget twice": ({"get_dashboard_widgets": returning([WIDGET, WIDGET])}, "the widget 'w' is declared twice"),
    "a widget of nothing": (
        {"get_dashboard_widgets": returning([{"name": "w", "title": "W"}])},
        "either 'data' or 'html'",
    ),
    "a widget of both": (
        {"get_dashboard_widgets": returning([WIDGET | {"html": str}])},
        "must have either 'data' or 'h",
    ),
    "a widget of ready data": (
        {"get_dashboard_widgets": returning([WIDGET | {"data": {}}])},
        "'data' must be a function",
    ),
    "a widget that asks for more": (
        {"get_dashboard_widgets": returning([WIDGET | {"data": lambda context, more: None}])},
        "the function of the widget 'w' must not be async, and take the context",
    ),
    "a view twice": ({"get_ui_views": returning([VIEW, VIEW | {"path": "x"}])}, "the view 'v' is declared twice"),
    "a path twice": ({"get_ui_views": returning([VIEW, VIEW | {"name": "x"}])}, "the path 'v/' is declared twice"),
    "a path from the root": ({"get_ui_views": returning([VIEW | {"path": "/v/"}])}, "must be relative to the plugin's"),
    "a path that climbs": ({"get_ui_views": returning([VIEW | {"path": "../v/"}])}, "must be relative to the plugin's"),
    "a view that is a class": (
        {"get_ui_views": returning([VIEW | {"view": dict}])},
        "is a class: use dict.as_view()",
    ),
    "a view that is none": (
        {"get_ui_views": returning([VIEW | {"view": "v.html"}])},
        "'view' must be a function or view",
    ),
    "a settings schema that is none": (
        {"get_settings_schema": returning({"type": "strin"})},
        "'demo', get_settings_schema(): the settings schema is not a valid JSON Schema",
    ),
    "a pattern that takes more than linear time": (
        {"get_settings_schema": returning({"properties": {"a": {"pattern": "(?=b)"}}})},
        "'demo', get_settings_schema(): the settings schema has the pattern '(?=b)', which RE2 does not take",
    ),
    "a settings schema that is a list": ({"get_settings_schema": returning([])}, "must be a dict, not list"),
    "a secret inside an array": (
        {
            "get_settings_schema": returning(
                {"properties": {"a": {"items": {"properties": {"p": {"writeOnly": True}}}}}}
            )
        },
        "has a secret in an array, which can only be replaced as a whole: use an object with named members (at /a/*/p)",
    ),
    "a query that is an instance": ({"get_graphql_schema": returning({"query": Fields()})}, "'query' must be a class"),
    "a schema of another kind": (
        {"get_graphql_schema": returning(Fields)},
        "must be a GraphQLExtension or an equivalent dict",
    ),
    "extensions by name": (
        {"get_graphql_schema": returning({"extends": {"Customer": Fields}})},
        "must map a type of the",
    ),
    "models by name": ({"get_models": returning(["Device"])}, "must return a list of model classes"),
    "a hook that is a value": ({"on_enable": True}, "'demo', on_enable(): must be a method: define it with 'def'"),
    "a hook that asks for more": (
        {"on_enable": lambda self, context, more: None},
        "on_enable(): requires more arguments than it is called with: define it as on_enable(self, context)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_plugin_place_and_way_out(mistake: str) -> None:
    members, expected = MISTAKES[mistake]

    with pytest.raises(PluginDefinitionError) as told:
        read_manifest(plugin(**members))

    assert expected in told.value.message
    assert told.value.message.startswith("Plugin '")
    assert told.value.message.endswith((".", "?"))


def test_an_async_hook_is_told() -> None:
    async def on_enable(self: PluginBase, context: object) -> None: ...

    with pytest.raises(PluginDefinitionError, match=r"on_enable\(\): must not be async"):
        read_manifest(plugin(on_enable=on_enable))


@pytest.mark.parametrize(
    "raised", [ValueError("no luck"), SystemExit(1), RecursionError(), type("Odd", (BaseException,), {})()]
)
def test_a_declaration_that_raises_is_told_with_its_cause(raised: BaseException) -> None:
    def get_permissions(self: PluginBase) -> None:
        raise raised

    with pytest.raises(PluginDefinitionError, match=f"get_permissions.*raised {type(raised).__name__}") as told:
        read_manifest(plugin(get_permissions=get_permissions))

    assert told.value.__cause__ is raised


def test_ctrl_c_is_no_mistake_of_the_author() -> None:
    def get_permissions(self: PluginBase) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_manifest(plugin(get_permissions=get_permissions))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "reports/",
        "reports/?open=1",
        "?open=1",
        "#top",
        "/a/",
        "/a:b/",
        "https://example.org/",
        "http://example.org",
    ],
)
def test_an_entry_of_the_menu_may_lead_to_a_page_or_to_an_address(url: str) -> None:
    declared = plugin(get_navigation_items=returning([NAV | {"url": url}]))

    assert read_manifest(declared).navigation_items[0].url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "mailto:x@example.org",
        "//example.org/",
        "/\\example.org/",
        "\\\\example.org/",
        "https://",
        "../other/",
        "a/../../b/",
        "a b/",
        "a\nb",
    ],
)
def test_an_entry_of_the_menu_leads_to_no_script_and_no_other_host_unsaid(url: str) -> None:
    with pytest.raises(PluginDefinitionError, match="the url"):
        read_manifest(plugin(get_navigation_items=returning([NAV | {"url": url}])))


def test_a_default_beyond_64_bits_is_refused_by_the_names_of_the_plugin_and_the_setting() -> None:
    schema = {"properties": {"size": {"type": "number", "default": 10**30}}}

    with pytest.raises(PluginDefinitionError) as told:
        read_manifest(plugin(get_settings_schema=returning(schema)))

    assert told.value.message == (
        "Plugin 'demo', get_settings_schema(): the settings schema has a default beyond 64 bits: use a smaller one, or "
        "a float such as 1e30 for the type 'number' (at /size)."
    )
