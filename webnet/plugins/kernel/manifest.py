"""Reads everything that a plugin declares, once, when it is loaded: mistakes are found here, not during a request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any, TypeVar

from webnet.containment import TookTooLong, deadline, format_error, is_operators
from webnet.errors import PluginDefinitionError
from webnet.plugins.base import HOOKS, PluginBase, count_taken
from webnet.plugins.declarations import (
    ROLES,
    DashboardWidget,
    ExternalHost,
    GraphQLExtension,
    NavigationItem,
    Permission,
    UIView,
    UpgradeNote,
)
from webnet.plugins.kernel.addresses import is_host_pattern, is_link
from webnet.plugins.kernel.identity import PluginIdentity, read_identity, read_upgrade_notes
from webnet.plugins.kernel.parsing import (
    DECLARATION_SECONDS,
    MAXIMUM_ENTRIES,
    DeclarationSource,
    check_name,
    read_all,
    read_one,
    refuse_duplicates,
    take_all,
)
from webnet.plugins.schema.settings_schema import SettingsSchema

Read = TypeVar("Read")
Guarded = TypeVar("Guarded", NavigationItem, DashboardWidget, UIView)


@dataclass(frozen=True, kw_only=True)
class Manifest(PluginIdentity):
    """Everything that a plugin declares, validated; each `permission` is a full codename or empty.

    `models` is None if the plugin leaves them to Django's discovery. The newest of `upgrade_notes` is the first.
    """

    models: tuple[type, ...] | None = None
    navigation_items: tuple[NavigationItem, ...] = ()
    dashboard_widgets: tuple[DashboardWidget, ...] = ()
    ui_views: tuple[UIView, ...] = ()
    permissions: tuple[Permission, ...] = ()
    settings_schema: SettingsSchema | None = None
    graphql: GraphQLExtension | None = None
    external_hosts: tuple[ExternalHost, ...] = ()
    upgrade_notes: tuple[UpgradeNote, ...] = ()


def read_manifest(plugin: PluginBase) -> Manifest:
    """Call every declaration of the plugin and validate the results; raises PluginDefinitionError."""
    identity = read_identity(plugin)
    _check_hooks(plugin, identity.name)
    permissions = _read(plugin, identity, "get_permissions", _read_permissions)
    codenames = {f"{identity.name}.{permission.name}" for permission in permissions}
    return Manifest(
        **{field.name: getattr(identity, field.name) for field in fields(PluginIdentity)},
        models=_read(plugin, identity, "get_models", _read_models),
        navigation_items=_read(plugin, identity, "get_navigation_items", _read_navigation, codenames),
        dashboard_widgets=_read(plugin, identity, "get_dashboard_widgets", _read_widgets, codenames),
        ui_views=_read(plugin, identity, "get_ui_views", _read_views, codenames),
        permissions=permissions,
        settings_schema=_read(plugin, identity, "get_settings_schema", _read_settings),
        graphql=_read(plugin, identity, "get_graphql_schema", _read_graphql),
        external_hosts=_read(plugin, identity, "get_external_hosts", _read_external_hosts),
        upgrade_notes=read_upgrade_notes(plugin, identity.name),
    )


def _check_hooks(plugin: PluginBase, name: str) -> None:
    for hook, offered in HOOKS.items():
        function = getattr(plugin, hook)
        source = DeclarationSource(plugin=name, place=f"{hook}()")
        if not callable(function):
            raise source.mistake("must be a method: define it with 'def'")
        if inspect.iscoroutinefunction(function):
            raise source.mistake("must not be async, since webnet calls it in a transaction or a thread: use 'def'")
        if count_taken(function, offered) is None:
            parameters = ", ".join(inspect.signature(getattr(PluginBase, hook)).parameters)
            raise source.mistake(f"requires more arguments than it is called with: define it as {hook}({parameters})")


def _read(
    plugin: PluginBase, identity: PluginIdentity, declaration: str, read: Callable[..., Read], *known: set[str]
) -> Read:
    """Call a declaration and read what it returns, in a limited time; `read` takes the place and that value."""
    source = DeclarationSource(plugin=identity.name, place=f"{declaration}()")
    try:
        with deadline(DECLARATION_SECONDS):
            return read(*known, source, _call(source, plugin, declaration))
    except TookTooLong as error:
        raise source.mistake(f"took longer than {error.seconds} s") from error


def _call(source: DeclarationSource, plugin: PluginBase, declaration: str) -> Any:
    """Call a declaration, and turn whatever it raises into a PluginDefinitionError; a generator becomes a list."""
    try:
        declared = getattr(plugin, declaration)()
        # One more than there may be, which `take_all` refuses.
        return list(islice(declared, MAXIMUM_ENTRIES + 1)) if isinstance(declared, Iterator) else declared
    except TookTooLong:
        raise
    except PluginDefinitionError as error:  # Its message is a sentence with the place already.
        raise source.mistake(error.message[:1].lower() + error.message[1:].rstrip(".")) from error
    except BaseException as error:
        if is_operators(error):
            raise
        raise source.mistake(f"raised {format_error(error)}") from error


def _read_permissions(source: DeclarationSource, declared: Any) -> tuple[Permission, ...]:
    permissions = read_all(source, Permission, declared)
    for permission in permissions:
        check_name(source, permission.name)
        if permission.minimum_role not in ROLES:
            raise source.mistake(f"the minimum_role of '{permission.name}' must be one of {', '.join(ROLES)}")
    refuse_duplicates(source, "permission", [permission.name for permission in permissions])
    return permissions


def _read_navigation(codenames: set[str], source: DeclarationSource, declared: Any) -> tuple[NavigationItem, ...]:
    items = read_all(source, NavigationItem, declared)
    for item in items:
        if not is_link(str(item.url)):
            rule = "relative to the plugin's pages, like '' or 'reports/', or start with '/', 'https://' or 'http://'"
            raise source.mistake(f"the url '{item.url}' of '{item.label}' must be {rule}")
    return tuple(_qualify(source, item, item.label, codenames) for item in items)


def _read_widgets(codenames: set[str], source: DeclarationSource, declared: Any) -> tuple[DashboardWidget, ...]:
    widgets = read_all(source, DashboardWidget, declared)
    for widget in widgets:
        check_name(source, widget.name)
        makers = [maker for maker in (widget.data, widget.html) if maker is not None]
        if len(makers) != 1:
            raise source.mistake(f"the widget '{widget.name}' must have either 'data' or 'html', not both")
        if inspect.iscoroutinefunction(makers[0]) or count_taken(makers[0], 1) is None:
            raise source.mistake(f"the function of the widget '{widget.name}' must not be async, and take the context")
    refuse_duplicates(source, "widget", [widget.name for widget in widgets])
    return tuple(_qualify(source, widget, widget.name, codenames) for widget in widgets)


def _read_views(codenames: set[str], source: DeclarationSource, declared: Any) -> tuple[UIView, ...]:
    views = read_all(source, UIView, declared)
    for view in views:
        check_name(source, view.name)
        if isinstance(view.view, type):
            raise source.mistake(f"the view of '{view.name}' is a class: use {view.view.__name__}.as_view()")
        if view.path.startswith("/") or ".." in view.path.split("/") or set("?#") & set(view.path):
            raise source.mistake(f"the path '{view.path}' must be relative to the plugin's pages: '' or 'reports/'")
    refuse_duplicates(source, "view", [view.name for view in views])
    refuse_duplicates(source, "path", [view.path for view in views])
    return tuple(_qualify(source, view, view.name, codenames) for view in views)


def _read_settings(source: DeclarationSource, declared: Any) -> SettingsSchema | None:
    if declared is None or isinstance(declared, SettingsSchema):
        return declared
    try:
        return SettingsSchema(declared)
    except PluginDefinitionError as error:
        raise source.mistake(error.message.rstrip(".").replace("The", "the", 1)) from error


def _read_graphql(source: DeclarationSource, declared: Any) -> GraphQLExtension | None:
    if declared is None:
        return None
    extension = read_one(source, GraphQLExtension, declared)
    extends = dict(take_all(source, extension.extends.items()))
    for host_type, addition in extends.items():
        if not all(isinstance(each, type) for each in (host_type, addition)):
            raise source.mistake("'extends' must map a type of the host to a class with the fields to add")
    return replace(extension, types=take_all(source, extension.types), extends=extends)


def _read_external_hosts(source: DeclarationSource, declared: Any) -> tuple[ExternalHost, ...]:
    hosts = read_all(source, ExternalHost, declared)
    for index, host in enumerate(hosts, start=1):
        if not is_host_pattern(host.name):
            rule = (
                "use a host name or an IP address, like 'api.example.com', '*.example.com' or '192.0.2.1:443', or '*'"
            )
            raise source.inside(f"item {index}").mistake(f"'{host.name}' is not a host: {rule}")
    refuse_duplicates(source, "host", [host.name for host in hosts])
    return hosts


def _read_models(source: DeclarationSource, declared: Any) -> tuple[type, ...] | None:
    if declared is None:
        return None
    models = take_all(source, declared) if isinstance(declared, Sequence) else ()
    if not isinstance(declared, Sequence) or not all(isinstance(model, type) for model in models):
        raise source.mistake("must return a list of model classes")
    return models


def _qualify(source: DeclarationSource, item: Guarded, name: str, codenames: set[str]) -> Guarded:
    """The item with its permission as a full codename; a permission of the plugin itself must be declared."""
    if not item.permission:
        return item
    codename = item.permission if "." in item.permission else f"{source.plugin}.{item.permission}"
    if codename.startswith(f"{source.plugin}.") and codename not in codenames:
        raise source.mistake(f"'{name}' requires the permission '{item.permission}': declare it in get_permissions()")
    return replace(item, permission=codename)
