"""The URLs of webnet; `urls_streams` adds the event streams."""

from __future__ import annotations

from django.contrib import admin
from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from webnet.accounts.admin import change_own_password
from webnet.api.http.views import graphql_view
from webnet.console import urls as console
from webnet.console.entrance.sign_in import admin_sign_in
from webnet.console.graphiql.page import show_page
from webnet.database.writability import find_obstacle
from webnet.errors import DeadlineExceeded
from webnet.program import PROGRAM
from webnet.server.database_faults import SILENT, find_missing_migrations
from webnet.server.observability.metrics_page import metrics_page


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Liveness: 200 while the process responds. It does not ask the database; `readyz` does."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Readiness: 200 if the database can be read and written, and webnet's own migrations have run; or 503 and why not.

    It writes nothing, and does not wait for others who do.
    """
    try:
        missing = find_missing_migrations()
        reason = f"Migrations are missing: {', '.join(missing)}. Run '{PROGRAM} migrate'." if missing else None
        reason = reason or find_obstacle()
    except (DatabaseError, DeadlineExceeded):
        reason = SILENT
    if reason:
        return JsonResponse({"status": "unready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


# What whoever opens the API's address in a browser sees.
IN_BROWSER = {"show_page": show_page}

urlpatterns = [
    # First, since most requests are for these. Both spellings are served, since clients follow a redirect with a GET;
    # `reverse` takes the last of a name.
    path("graphql", graphql_view, IN_BROWSER, name="graphql"),
    path("graphql/", graphql_view, IN_BROWSER, name="graphql"),
    path("graphql/<slug:customer>", graphql_view, IN_BROWSER, name="graphql-customer"),
    path("graphql/<slug:customer>/", graphql_view, IN_BROWSER, name="graphql-customer"),
    *console.urlpatterns,
    path("admin/login/", admin_sign_in),
    path("admin/password_change/", admin.site.admin_view(change_own_password)),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]

handler404 = "webnet.console.frame.entry.not_found"
