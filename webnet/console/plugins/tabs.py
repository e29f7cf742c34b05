"""The pages of one plugin, as tabs above each of them; which ones there are for this viewer."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webnet.console.frame.addresses import find_url
from webnet.console.frame.page_frame import Frame
from webnet.customers.models import Role


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A page of a plugin: its address is named `plugin-<name>`, for a customer `customer-plugin-<name>`.

    `lowest_role` is who sees it for a customer; None if customers have no such page.
    """

    name: str
    label: str | Promise
    lowest_role: Role | None = Role.VIEWER


@dataclass(frozen=True, kw_only=True)
class TabLink:
    """A tab with its address; `is_current` also on the pages below it."""

    url: str
    label: str | Promise
    is_current: bool


TABS = (
    Tab(name="", label=_("Overview")),
    Tab(name="contributions", label=_("Contributions"), lowest_role=Role.OPERATOR),
    Tab(name="settings", label=_("Settings")),
    Tab(name="switch", label=_("Switch"), lowest_role=Role.OPERATOR),
    Tab(name="customers", label=_("Customers"), lowest_role=None),
    Tab(name="health", label=_("Health")),
    Tab(name="activity", label=_("Activity"), lowest_role=Role.OPERATOR),
    Tab(name="versions", label=_("Versions")),
)


def list_tabs(frame: Frame, plugin: str, path: str) -> list[TabLink]:
    """Those that this viewer may open, for a page with this path."""
    links = []
    for tab in TABS:
        if frame.customer is not None and not _is_for(frame, tab):
            continue
        url = find_address(frame, plugin, tab.name)
        is_current = path == url if tab.name == "" else path.startswith(url)
        links.append(TabLink(url=url, label=tab.label, is_current=is_current))
    return links


def find_address(frame: Frame, plugin: str, page: str = "") -> str:
    """The address of a page of the plugin, on the platform's pages or on the customer's."""
    route, arguments = f"plugin-{page}" if page else "plugin", {"plugin": plugin}
    if frame.customer is not None:
        route, arguments = f"customer-{route}", {"customer": frame.customer.slug, **arguments}
    return find_url(route, **arguments)


def _is_for(frame: Frame, tab: Tab) -> bool:
    return tab.lowest_role is not None and frame.role is not None and frame.role.includes(tab.lowest_role)
