"""What mends a problem: a link to the page where that is done, or something that the page itself does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A link, of a problem of the platform and of one of a customer: `customer_route`, empty if customers have none."""

    label: str | Promise
    route: str
    customer_route: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Link:
    """A remedy's link for one problem."""

    label: str | Promise
    address: str


# What the page does itself, by the name of its button.
RESUME, CHECK, ACKNOWLEDGE = "resume", "check", "acknowledge"
BUTTONS = {"PLUGIN_PAUSED": RESUME, "PLUGIN_UNHEALTHY": CHECK}

_LOOK = Remedy(label=_("Look at the plugin"), route="plugin", customer_route="customer-plugin")
_VERSIONS = Remedy(label=_("Look at its versions"), route="plugin-versions")
_SWITCH_OFF = Remedy(label=_("Switch it off"), route="plugin-switch", query={"action": "DISABLE"})
_SETTINGS = Remedy(label=_("Change the settings"), route="plugin-settings", customer_route="customer-plugin-settings")
_CUSTOMERS = Remedy(label=_("Look at these customers"), route="plugin-customers", query={"problem": "yes"})
_HEALTH = Remedy(label=_("Look at its health"), route="plugin-health", customer_route="customer-plugin-health")
_WORKERS = Remedy(label=_("Look at the workers"), route="workers")
_LOG = Remedy(label=_("Look at the audit log"), route="audit")
_RATE_LIMITED = Remedy(label=_("Look at the audit log"), route="audit", query={"code": "RATE_LIMITED"})
# By `Problem.kind`, the most useful first; a kind that a later version adds has none.
REMEDIES: Mapping[str, tuple[Remedy, ...]] = {
    "PLUGIN_FAILED": (_LOOK, _SWITCH_OFF),
    "PLUGIN_INCOMPATIBLE": (_VERSIONS, _SWITCH_OFF),
    "MIGRATION_MISSING": (_LOOK,),
    "PLUGIN_MISSING": (_SWITCH_OFF, _LOOK),
    "PLUGIN_PAUSED": (_LOOK,),
    "PLUGIN_PAUSED_FOR_CUSTOMERS": (_CUSTOMERS,),
    "SETTINGS_INVALID": (_SETTINGS,),
    "SETTINGS_OF_CUSTOMERS_INVALID": (_CUSTOMERS,),
    "PLUGIN_UNHEALTHY": (_HEALTH,),
    "WORKERS_OUTDATED": (_WORKERS,),
    "AUDIT_LOG_INVALID": (_LOG,),
    "CHECKPOINT_OVERDUE": (_LOG,),
    "QUEUE_FULL": (_WORKERS,),
    "BUDGET_EXHAUSTED": (_RATE_LIMITED,),
}


def find_links(problem: Mapping[str, Any]) -> list[Link]:
    """Where the problem can be mended."""
    is_on = problem["plugin"] is not None and problem["plugin"]["enabled"]
    remedies = REMEDIES.get(problem["kind"], ())
    return [_link(remedy, problem) for remedy in remedies if is_on or remedy is not _SWITCH_OFF]


def _link(remedy: Remedy, problem: Mapping[str, Any]) -> Link:
    arguments = {"plugin": problem["plugin"]["name"]} if problem["plugin"] else {}
    route = remedy.route
    if problem["customer"]:
        route, arguments = remedy.customer_route, {**arguments, "customer": problem["customer"]["slug"]}
    address = reverse(route, kwargs=arguments)
    return Link(label=remedy.label, address=f"{address}?{urlencode(remedy.query)}" if remedy.query else address)
