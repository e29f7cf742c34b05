"""The audit log as a file: what its filters select, streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from webnet.api.http.audit_export import MOST_ROWS, find_export
from webnet.console.dashboard.streamed_pages import PageCall, StreamedPage
from webnet.console.frame.entry import for_customer, for_platform
from webnet.console.frame.page_frame import Frame
from webnet.console.operations.audit_filters import read_filters
from webnet.console.operations.audit_log import refuse, show_log
from webnet.errors import RateLimited
from webnet.program import PROGRAM
from webnet.values.viewer_language import for_viewer

# Each piece takes a turn between two threads.
PIECE_CHARACTERS = 65_536


@require_safe
@for_platform
def audit_export(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    """The whole log as a file."""
    return _export(request, frame)


@require_safe
@for_customer
def customer_audit_export(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    """The customer's rows as a file."""
    return _export(request, frame)


def _export(request: HttpRequest, frame: Frame) -> HttpResponseBase:
    filters = read_filters(request, has_customers=frame.customer is None)
    if frame.run("audit_verification")["auditVerification"] is None:
        return refuse(request, frame)
    if filters.errors:
        return show_log(request, frame)
    export = find_export(frame.context, filters.filter)
    if export.is_too_large:
        reason = _(
            "More than %(count)s entries match, which is too much for one download: choose a time span, or run "
            "'%(program)s export_audit_log'."
        )
        return show_log(request, frame, refusal=reason % {"count": f"{MOST_ROWS:,}", "program": PROGRAM}, status=422)
    name = f"audit-log-{frame.customer.slug if frame.customer else 'webnet'}-{timezone.now():%Y-%m-%d}.ndjson"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = StreamingHttpResponse(_join(export.lines()), content_type="application/x-ndjson", headers=headers)
    call = PageCall(
        plugin="",
        page="the audit log's download",
        customer_id=frame.customer.pk if frame.customer else 0,
        customer=frame.customer.slug if frame.customer else "the platform",
        user_id=frame.context.actor.user_id,
    )
    try:
        return StreamedPage(response, call)
    except RateLimited as refusal:
        refused = frame.render("webnet/too_many_streams.html", {"reason": for_viewer(refusal.message)}, status=429)
        refused["Retry-After"] = str(refusal.retry_after_seconds)
        return refused


def _join(lines: Iterable[str]) -> Iterator[bytes]:
    joined: list[str] = []
    size = 0
    for line in lines:
        joined.append(line)
        size += len(line)
        if size >= PIECE_CHARACTERS:
            yield "".join(joined).encode()
            joined, size = [], 0
    yield "".join(joined).encode()
