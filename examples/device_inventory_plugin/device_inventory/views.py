"""The page with the customer's devices."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from device_inventory.models import Device, DeviceStatus

LONGEST_SEARCH = 100


@require_safe
def show_devices(request: HttpRequest) -> HttpResponse:
    """A paginated table, with `?search=`, `?status=` and `?page=`. webnet has checked the permission."""
    context = request.webnet  # the HookContext, with the customer and its settings
    search, status = request.GET.get("search", "")[:LONGEST_SEARCH].replace("\0", ""), request.GET.get("status", "")
    rows = Device.objects.of(context.customer).annotate(interface_count=Count("interfaces")).order_by("name")
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(host__icontains=search))
    if status in DeviceStatus.values:
        rows = rows.filter(status=status)
    page = Paginator(rows, context.settings["page_size"]).get_page(request.GET.get("page"))
    variables = {"page": page, "search": search, "status": status, "statuses": DeviceStatus.choices}
    return render(request, "device_inventory/devices.html", variables)
