"""The page with the customer's map."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from site_map.models import Site

EAST = 60  # degrees of longitude; names further east would not fit on the map


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A site on the map, which is 360 units wide and 180 high, one per degree.

    The name of a site that `is_east` is on its left, since on its right it would be outside the map.
    """

    site: Site
    x: str
    y: str
    is_east: bool


@require_safe
def show_map(request: HttpRequest) -> HttpResponse:
    """All sites, as a map and as a table. webnet has checked the permission."""
    context = request.webnet  # the HookContext, with the customer and its settings
    rows = Site.objects.of(context.customer).annotate(device_count=Count("placements")).order_by("name")
    marks = [draw(site) for site in rows[: context.settings["maximum_sites"]]]
    lines = {"meridians": range(30, 360, 30), "parallels": range(30, 180, 30)}
    return render(request, "site_map/map.html", {"marks": marks, "show_names": context.settings["show_names"], **lines})


def draw(site: Site) -> Mark:
    """The position of the site on the map: north is up, and 0°, 0° is in the middle."""
    x, y = f"{site.longitude + 180:.3f}", f"{90 - site.latitude:.3f}"
    return Mark(site=site, x=x, y=y, is_east=site.longitude > EAST)
