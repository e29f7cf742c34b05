"""The start page: the things to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform
from webnet.console.frame.page_frame import Frame


@require_safe
@for_platform
def show_problems(request: HttpRequest, frame: Frame) -> HttpResponse:  # noqa: ARG001 - as every view
    """The problems that the viewer can do something about, the most urgent first."""
    problems = frame.run("problems")["problems"]
    return frame.render("webnet/start/problems.html", {"problems": problems})
