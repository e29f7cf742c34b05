"""The page with the customer's map."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from site_map.models import Site

EAST = 60  # degrees


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A site on the map, which is 360 wide and 180 high: one unit for a degree.

    The name of one that `is_east` is written on its left: on its right it would leave the map.
    """

    site: Site
    x: str
    y: str
    is_east: bool


@require_safe
def show_map(request: HttpRequest) -> HttpResponse:
    """All sites, as a drawing and as a table that says the same. webnet has asked for the permission."""
    here = request.webnet  # the HookContext: for whom this page is, and with which settings
    rows = Site.objects.of(here.customer).annotate(device_count=Count("placements")).order_by("name")
    marks = [draw(site) for site in rows[: here.settings["maximum_sites"]]]
    lines = {"meridians": range(30, 360, 30), "parallels": range(30, 180, 30)}
    return render(request, "site_map/map.html", {"marks": marks, "show_names": here.settings["show_names"], **lines})


def draw(site: Site) -> Mark:
    """Where the site is: north is up, and the middle is at 0°, 0°."""
    x, y = f"{site.longitude + 180:.3f}", f"{90 - site.latitude:.3f}"
    return Mark(site=site, x=x, y=y, is_east=site.longitude > EAST)
