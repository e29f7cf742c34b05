"""The audit log: its rows with filters, those that are new since the page was made, and one row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webnet.console.frame.documents import RunDocument, read_document
from webnet.console.frame.entry import for_customer, for_platform, not_allowed, not_found
from webnet.console.frame.page_frame import Frame
from webnet.console.frame.paging import ROWS_PER_PAGE, read_page
from webnet.console.operations import json_diff
from webnet.console.operations.audit_filters import OUTCOMES, AuditFilters, read_filters

# Of a row in the list, and of one on its own page.
MOST_DIFFERENCES, MOST_DIFFERENCES_OF_ONE = 20, 1_000
# The list shows so many characters of a value; the row's own page shows all.
LONGEST_IN_LIST = 400
FOLLOW = "follow_audit_log"
# Routes by the names of their addresses in templates; a customer's begin with "customer-".
ROUTES = {"log_url": "audit", "export_url": "audit-export"}


@require_safe
@for_platform
def audit_log(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The whole log."""
    return show_log(request, frame)


@require_safe
@for_customer
def customer_audit_log(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The customer's rows."""
    return show_log(request, frame)


@require_safe
@for_platform
def audit_row(request: HttpRequest, frame: Frame, row: str) -> HttpResponse:
    """One row of anybody."""
    return _show_row(request, frame, row)


@require_safe
@for_customer
def customer_audit_row(request: HttpRequest, frame: Frame, row: str) -> HttpResponse:
    """One of the customer's rows."""
    return _show_row(request, frame, row)


def show_log(request: HttpRequest, frame: Frame, *, refusal: str = "", status: int = 200) -> HttpResponse:
    """The page of the log, or what is new on one; `refusal` is why something else was not done."""
    if frame.htmx and "newest" in request.GET:
        return _show_new(request, frame)
    filters = read_filters(request, has_customers=frame.customer is None)
    verification = frame.run("audit_verification")["auditVerification"]
    if verification is None:
        return refuse(request, frame)
    context = {
        **_describe(request, frame, filters),
        "verification": verification,
        "refusal": refusal,
        "is_first_page": not request.GET.get("after") and not request.GET.get("before"),
    }
    if filters.errors:
        return frame.render("webnet/audit/log.html", context, status=400)
    page = frame.run("audit_log", {"filter": filters.filter or None, **read_page(request)})["pluginAuditLogs"]
    context |= {
        "rows": _with_differences(page),
        "page_info": page["pageInfo"],
        "is_partial": filters.may_stop_early and page["pageInfo"]["hasNextPage"] and len(page["edges"]) < ROWS_PER_PAGE,
        "newest": page["edges"][0]["cursor"] if page["edges"] else "",
    }
    if context["is_first_page"] and request.GET.get("live") and not settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
        context["stream"] = _address_of_stream(frame, filters)
    return frame.render("webnet/audit/log.html", context, status=status)


def _show_row(request: HttpRequest, frame: Frame, row: str) -> HttpResponse:
    found = frame.run("audit_row", {"id": row})["node"]
    # Of another type, nothing is selected.
    if not found:
        return not_found(request)
    differences = json_diff.compare(found["before"], found["after"], most=MOST_DIFFERENCES_OF_ONE)
    context = {"row": found, "differences": differences, **_addresses(frame)}
    return frame.render("webnet/audit/row.html", context)


def _show_new(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The rows that are newer than `newest`, for the top of the list, and where the next ones begin."""
    filters = read_filters(request, has_customers=frame.customer is None)
    newest = request.GET.get("newest") or None
    # In the list, newer rows come before older ones: the last ones before it are the next ones.
    wanted = {"last": ROWS_PER_PAGE, "before": newest} if newest else {"first": ROWS_PER_PAGE}
    page = frame.run("audit_log", {"filter": filters.filter or None, **wanted})["pluginAuditLogs"]
    context = {
        **_describe(request, frame, filters),
        "rows": _with_differences(page),
        "newest": page["edges"][0]["cursor"] if page["edges"] else newest or "",
    }
    response = frame.render("webnet/audit/new_rows.html", context)
    if newest and page["pageInfo"]["hasPreviousPage"]:
        response["HX-Trigger"] = "more"
    return response


def refuse(request: HttpRequest, frame: Frame) -> HttpResponse:
    """The platform's log is its operators' alone; that a customer has one is known to its members."""
    if frame.customer is None:
        return not_found(request)
    return not_allowed(frame, str(_("The audit log is for operators and admins of the customer.")))


def _describe(request: HttpRequest, frame: Frame, filters: AuditFilters) -> dict[str, Any]:
    """What templates know of the filters, and the addresses that keep them."""
    kept = {name: text for name, text in filters.typed.items() if text}
    return {
        **_addresses(frame),
        "filters": filters,
        "kept": urlencode(kept),
        "outcomes": OUTCOMES,
        "is_live": bool(request.GET.get("live")),
        "may_follow": not settings.WEBNET_TRUSTED_DOCUMENTS_ONLY,
    }


def _addresses(frame: Frame) -> dict[str, str]:
    if frame.customer is None:
        return {name: reverse(route) for name, route in ROUTES.items()}
    customer = {"customer": frame.customer.slug}
    return {name: reverse(f"customer-{route}", kwargs=customer) for name, route in ROUTES.items()}


def _with_differences(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    limits = {"most": MOST_DIFFERENCES, "longest": LONGEST_IN_LIST}
    return [
        {**node, "differences": json_diff.compare(node["before"], node["after"], **limits)}
        for node in (edge["node"] for edge in page["edges"])
    ]


def _address_of_stream(frame: Frame, filters: AuditFilters) -> str:
    """The event stream of what these filters select; the page shows the subscription, too."""
    slug = frame.customer.slug if frame.customer else ""
    variables = {"filter": dict(filters.filter) or None}
    frame.operations.append(RunDocument(name=FOLLOW, variables=variables, customer=slug))
    path = reverse("graphql-customer", kwargs={"customer": slug}) if slug else reverse("graphql")
    return f"{path}?{urlencode({'query': read_document(FOLLOW), 'variables': json.dumps(variables)})}"
