"""What a load balancer asks: is the process alive, and is it ready to serve?"""

from django.db import Error as DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from webnet.server.database_faults import find_missing_migrations


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all; whether the database does is `readyz`'s question."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration of the host, else 503 and why."""
    try:
        missing = find_missing_migrations()
    except DatabaseError:
        return JsonResponse({"status": "unready", "reason": "The database does not answer."}, status=503)
    if missing:
        reason = f"Migrations are missing: {', '.join(missing)}. Run 'migrate'."
        return JsonResponse({"status": "unready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})
