"""The processes that serve, and which of them run old code."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.page_frame import Frame
from webnet.program import PROGRAM


@require_safe
@for_platform
def show_workers(request: HttpRequest, frame: Frame) -> HttpResponse:
    """For platform operators; for others there is no such page."""
    workers = frame.run("workers")["workers"]
    if workers is None:
        return not_found(request)
    outdated = sum(each["isOutdated"] for each in workers)
    return frame.render("webnet/workers/list.html", {"workers": workers, "outdated": outdated, "program": PROGRAM})
