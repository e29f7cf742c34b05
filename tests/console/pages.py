"""A throw-away plugin with pages of every kind."""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template import engines
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_lazy
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from tests.outages import cut_connection
from webnet.customers.models import Customer, User
from webnet.errors import NotFound
from webnet.plugins.base import DashboardWidget, NavigationItem, Permission, PluginBase, UIView

LARGE = bytes(range(256)) * 1024
# The methods of the requests for `cut`.
calls: list[str] = []


def nothing() -> list[str]:
    return []


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"for {request.webnet.customer.slug}, {request.webnet.settings['word']}")


def storing(request: HttpRequest) -> HttpResponse:
    Customer.objects.update(name="stored")
    return HttpResponse("stored")


def cut(request: HttpRequest) -> HttpResponse:
    """Loses its connection in the first of its calls."""
    calls.append(request.method or "")
    if len(calls) == 1:
        cut_connection()
    return HttpResponse(Customer.objects.values_list("slug", flat=True)[0])


def looking_up(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Customer.objects.get(pk=request.GET.get("id", "none")).slug)


def remembering(request: HttpRequest) -> HttpResponse:
    request.session["page"] = "seen"
    return HttpResponse("remembered")


def framed(request: HttpRequest) -> HttpResponse:
    return render(request, "webnet/page.html")


def report(request: HttpRequest, year: int) -> HttpResponse:
    return HttpResponse(f"the report of {year!r}")


@csrf_exempt
def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} {request.POST.get('word', '')}")


class Detail(View):
    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return HttpResponse(f"{name} of {request.webnet.customer.slug}")


async def waiting(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"waited for {request.webnet.customer.slug}")


def raising(error: BaseException) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def leaving(request: HttpRequest) -> HttpResponse:
    sys.exit(3)


def wordless(request: HttpRequest) -> Any:
    return "no response"


def late(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "there/is/no/such/template.html")


def in_pieces(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{word} " for word in ("one", gettext("Monday"), "three"))


async def in_pieces_later(request: HttpRequest) -> StreamingHttpResponse:
    slug = request.webnet.customer.slug

    async def count() -> AsyncIterator[str]:
        for number in itertools.count():
            users = await User.objects.acount()
            yield f"{number} of {slug} with {users}"

    return StreamingHttpResponse(count())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(LARGE), filename="large.bin", as_attachment=True)


def failing_halfway(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        yield "half"
        raise RuntimeError("the word is s3cret")

    return StreamingHttpResponse(pieces())


def scripted(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string('<style nonce="{{ csp_nonce }}"></style>')
    return HttpResponse(f'<script nonce="{request.csp_nonce}">1</script>{template.render({}, request)}')


def loose(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x", headers={"Content-Security-Policy": "script-src * 'unsafe-inline'"})


class Pages(PluginBase):
    name = "pages"
    verbose_name = "A Book of Pages"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"word": {"type": "string", "default": "hello"}}}

    def get_permissions(self) -> list[Permission]:
        return [Permission(name="read", description="May read.", minimum_role="operator")]

    def get_navigation_items(self) -> list[NavigationItem]:
        return [
            NavigationItem(label="Secrets", url="secret/", order=2, permission="read"),
            NavigationItem(label="Pages", url="", order=1),
            NavigationItem(label="Elsewhere", url="https://example.org/", order=3),
        ]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        return [
            DashboardWidget(name="pairs", title="Pairs", order=1, data=lambda: {"in_service": 3, "<b>": "<i>"}),
            DashboardWidget(name="rows", title="Rows", order=2, data=lambda: [{"name": "r1", "up": True}]),
            DashboardWidget(name="html", title="Html", order=3, html=lambda: "<em>Hi</em><script>alert(1)</script>"),
            DashboardWidget(name="empty", title="Empty", order=4, data=nothing),
            DashboardWidget(name="broken", title="Broken", order=5, data=lambda: 1 / 0),
        ]

    def get_ui_views(self) -> list[UIView]:
        return [
            UIView(name="home", path="", view=plain, title="Home of pages"),
            UIView(name="framed", path="framed/", view=framed, title="Framed"),
            UIView(name="translated", path="translated/", view=framed, title=gettext_lazy("Monday")),
            UIView(name="report", path="reports/<int:year>/", view=report),
            UIView(name="detail", path="detail/<slug:name>", view=Detail.as_view()),
            UIView(name="form", path="form/", view=form),
            UIView(name="waiting", path="waiting/", view=waiting),
            UIView(name="in_pieces", path="in_pieces/", view=in_pieces),
            UIView(name="in_pieces_later", path="in_pieces_later/", view=in_pieces_later),
            UIView(name="file", path="file/", view=file),
            UIView(name="failing_halfway", path="failing_halfway/", view=failing_halfway),
            UIView(name="scripted", path="scripted/", view=scripted),
            UIView(name="loose", path="loose/", view=loose),
            UIView(name="secret", path="secret/", view=plain, permission="read"),
            UIView(name="broken", path="broken/", view=raising(RuntimeError("the word is s3cret"))),
            UIView(name="leaving", path="leaving/", view=leaving),
            UIView(name="wordless", path="wordless/", view=wordless),
            UIView(name="late", path="late/", view=late),
            UIView(name="storing", path="storing/", view=storing),
            UIView(name="looking_up", path="looking-up/", view=looking_up),
            UIView(name="cut", path="cut/", view=csrf_exempt(cut)),
            UIView(name="remembering", path="remembering/", view=remembering),
            UIView(name="missing", path="missing/", view=raising(Http404("no such thing"))),
            UIView(name="gone", path="gone/", view=raising(NotFound.customer("x"))),
            UIView(name="denied", path="denied/", view=raising(PermissionDenied("Not on a Monday."))),
            UIView(name="forbidden", path="forbidden/", view=raising(PermissionDenied(gettext_lazy("Sunday")))),
            UIView(name="fishy", path="fishy/", view=raising(SuspiciousOperation("fishy"))),
        ]
