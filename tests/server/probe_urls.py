"""Views that hold a thread, remember bodies and connections, and report, for the tests of the split."""

import threading
from pathlib import Path

from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

bodies: list[str] = []
connections_used: list[BaseDatabaseWrapper] = []


@csrf_exempt
def remember(request: HttpRequest) -> JsonResponse:
    """Keep the body; DELETE forgets all that was kept."""
    if request.method == "DELETE":
        bodies.clear()
        connections_used.clear()
        return JsonResponse({})
    bodies.append(request.body.decode())
    return JsonResponse({"length": len(request.body)})


@csrf_exempt
def hold(_request: HttpRequest) -> HttpResponse:
    """Keep the thread until the test opens the other end and closes it."""
    Path(settings.WEBNET_DATA_DIR, "gate").read_bytes()
    return HttpResponse("released")


def report(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {
            "bodies": bodies,
            "connections": [id(used.connection) if used.connection else None for used in connections_used],
            "thread": threading.current_thread().name,
            "handler": type(request).__name__,
            "is_secure": request.is_secure(),
            "forwarded": request.headers.get("X-Forwarded-Proto"),
        }
    )


def connect(_request: HttpRequest) -> HttpResponse:
    """Ask the database, as most views do."""
    connection.ensure_connection()
    connections_used.append(connections["default"])
    return HttpResponse()


def answer_in_pieces(_request: HttpRequest) -> StreamingHttpResponse:
    """More than the buffers between server and client can take."""
    return StreamingHttpResponse(b"x" * 65_536 for _ in range(1024))


urlpatterns = [
    path("remember/", remember),
    path("connect/", connect),
    path("hold/", hold),
    path("report/", report),
    path("graphql/report/", report),
    path("graphql/connect/", connect),
    path("pieces/", answer_in_pieces),
]
