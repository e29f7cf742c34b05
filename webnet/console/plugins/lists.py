"""The lists of plugins: all of them for operators of the platform, and those of one customer for its members."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_customer, for_platform, not_found
from webnet.console.frame.page_frame import CustomerFrame, Frame
from webnet.console.frame.paging import read_choice, read_page, read_text
from webnet.console.plugins.words import AVAILABILITIES, HEALTH, STATUSES
from webnet.customers.models import Role

YES_OR_NO = {"yes": True, "no": False}
# What each filter offers, and what the pages call it.
STATUS = (STATUSES, _("Status"))
ENABLED = (YES_OR_NO, _("For everybody"))
EFFECTIVE = (YES_OR_NO, _("State"))
HEALTH_STATUS = (HEALTH, _("Health"))
AVAILABILITY = (AVAILABILITIES, _("Availability"))


@require_safe
@for_platform
def list_plugins(request: HttpRequest, frame: Frame) -> HttpResponse:
    """Every plugin, with its state and its last change."""
    if not frame.is_platform_operator:
        return not_found(request)
    chosen = read_choices(request, status=STATUS, enabled=ENABLED, health=HEALTH_STATUS, availability=AVAILABILITY)
    wanted = {
        "search": read_text(request, "q") or None,
        "status": as_list(chosen["status"]),
        "enabled": as_boolean(chosen["enabled"]),
        "health": as_list(chosen["health"]),
        "availability": as_list(chosen["availability"]),
    }
    plugins = frame.run("plugins", {"filter": without_nulls(wanted), **read_page(request)})["plugins"]
    context = {
        "plugins": plugins,
        "search": wanted["search"] or "",
        "chosen": chosen,
        "is_filtered": bool(without_nulls(wanted)),
        "statuses": STATUSES,
        "healths": HEALTH,
        "availabilities": AVAILABILITIES,
    }
    return frame.render("webnet/plugins/list.html", context)


@require_safe
@for_customer
def list_customer_plugins(request: HttpRequest, frame: CustomerFrame) -> HttpResponse:
    """What is offered to the customer, and what of it is on."""
    chosen = read_choices(request, effective=EFFECTIVE, health=HEALTH_STATUS, availability=AVAILABILITY)
    wanted = {
        "search": read_text(request, "q") or None,
        "health": as_list(chosen["health"]),
        "availability": as_list(chosen["availability"]),
    }
    variables = {
        "filter": without_nulls(wanted),
        "effective": as_boolean(chosen["effective"]),
        **read_page(request),
    }
    configs = frame.run("customer_plugins", variables)["currentCustomer"]["pluginConfigs"]
    context = {
        "configs": configs,
        "search": wanted["search"] or "",
        "chosen": chosen,
        "is_filtered": bool(without_nulls(wanted)) or bool(chosen["effective"]),
        "healths": HEALTH,
        "availabilities": AVAILABILITIES,
        "can_switch": frame.role is not None and frame.role.includes(Role.OPERATOR),
    }
    return frame.render("webnet/plugins/customer_list.html", context)


def read_choices(request: HttpRequest, **filters: tuple[Container[str], Promise]) -> dict[str, str]:
    """What was chosen of each filter's list, by its name in the address; empty for all. Raises UnknownChoice."""
    return {name: read_choice(request, name, choices, label=label) for name, (choices, label) in filters.items()}


def as_list(value: str) -> list[str] | None:
    """The values that a filter takes; None if nothing was chosen."""
    return [value] if value else None


def as_boolean(value: str) -> bool | None:
    """The value of "yes" or "no"; None if nothing was chosen."""
    return YES_OR_NO[value] if value else None


def without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Those that are given."""
    return {name: value for name, value in values.items() if value is not None}
