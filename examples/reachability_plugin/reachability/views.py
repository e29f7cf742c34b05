"""The page with the last checks."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reachability.models import Check

PAGE_SIZE = 50


@require_safe
def show_checks(request: HttpRequest) -> HttpResponse:
    """A table, newest first. webnet has checked the permission."""
    checks = Check.objects.of(request.webnet.customer).select_related("device").order_by("-checked_at", "pk")
    page = Paginator(checks, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "reachability/checks.html", {"page": page})
