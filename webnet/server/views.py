"""What a load balancer asks: is the process alive, and is it ready to serve?"""

from django.apps import apps
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all; whether the database does is `readyz`'s question."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration of the host, else 503 and why."""
    try:
        missing = _find_missing_migrations()
    except DatabaseError:
        return JsonResponse({"status": "unready", "reason": "The database does not answer."}, status=503)
    if missing:
        reason = f"Migrations are missing: {', '.join(missing)}. Run 'migrate'."
        return JsonResponse({"status": "unready", "reason": reason}, status=503)
    return JsonResponse({"status": "ready"})


def _find_missing_migrations() -> list[str]:
    """The host's own, as `app.name`: a plugin that is not migrated is withheld and must not stop the others."""
    host_labels = {config.label for config in apps.get_app_configs() if config.name in settings.HOST_APPS}
    executor = MigrationExecutor(connection)
    targets = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] in host_labels]
    return [f"{migration.app_label}.{migration.name}" for migration, _ in executor.migration_plan(targets)]
