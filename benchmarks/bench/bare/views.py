"""The work of each case as Django does it with the least: few statements, values, orjson. The base of ratios."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from time import time_ns
from typing import Any

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from benchmarks.bench.bare.models import AuditRow, Config, Plugin

PAGE = 50
PLUGIN_COLUMNS = ("name", "verbose_name", "version", "author", "description", "availability", "enabled")
PLUGIN_KEYS = ("name", "verboseName", "version", "author", "description", "availability", "enabled")
AUDIT_COLUMNS = ("position", "created_at", "action", "outcome", "reason", "after", "plugin__name", "actor__username")
CONFIG_COLUMNS = ("enabled", "settings", "updated_at")


def show_plugins(request: HttpRequest) -> HttpResponse:
    configs = Config.objects.filter(customer_id=request.GET["customer"])
    chosen = {plugin: choice for plugin, *choice in configs.values_list("plugin_id", *CONFIG_COLUMNS)}
    plugins = Plugin.objects.order_by("name").values_list("id", "settings", *PLUGIN_COLUMNS)
    return answer({"plugins": [shape_plugin(row, chosen.get(row[0])) for row in plugins]})


def show_plugin(request: HttpRequest) -> HttpResponse:
    row = Plugin.objects.filter(name=request.GET["name"]).values_list("id", "settings", *PLUGIN_COLUMNS)[0]
    configs = Config.objects.filter(customer_id=request.GET["customer"], plugin_id=row[0])
    return answer({"plugin": shape_plugin(row, configs.values_list(*CONFIG_COLUMNS).first())})


def show_audit_log(request: HttpRequest) -> HttpResponse:
    rows = AuditRow.objects.filter(position__lt=int(request.GET["before"])).order_by("-position")
    return answer({"auditLogs": [shape_audit_row(*row) for row in rows.values_list(*AUDIT_COLUMNS)[:PAGE]]})


@csrf_exempt
@transaction.atomic
def switch_plugin(request: HttpRequest) -> HttpResponse:
    """Without webnet's hash chain: the audit row has the time as its number, which takes no statement."""
    wanted = orjson.loads(request.body)
    customer, name, enabled, now = wanted["customer"], wanted["name"], wanted["enabled"], datetime.now(UTC)
    plugin, is_on = Plugin.objects.filter(name=name).values_list("id", "enabled")[0]
    Config.objects.filter(customer_id=customer, plugin_id=plugin).update(enabled=enabled, updated_at=now)
    before, after = (orjson.dumps({"enabled": state}).decode() for state in (not enabled, enabled))
    AuditRow(
        position=time_ns(),
        chain="bare",
        sequence=time_ns(),
        created_at=now,
        machine_time=now,
        actor_id=1,
        customer_id=customer,
        plugin_id=name,
        action="enable_customer_plugin" if enabled else "disable_customer_plugin",
        before=before,
        after=after,
        text=after,
        hash=sha256(after.encode()).hexdigest(),
    ).save(force_insert=True)
    return answer({"switchPlugin": {"changed": True, "name": name, "effective": bool(is_on and enabled)}})


def shape_plugin(row: tuple[Any, ...], choice: Any) -> dict[str, Any]:
    _, settings, *columns = row
    is_on, own, updated_at = choice or (False, {}, None)
    return {
        **dict(zip(PLUGIN_KEYS, columns, strict=True)),
        "effective": bool(columns[-1] and is_on),
        "effectiveSettings": {**settings, **own},
        "updatedAt": updated_at,
    }


def shape_audit_row(*row: Any) -> dict[str, Any]:
    position, created_at, action, outcome, reason, after, plugin, user = row
    return {
        "id": str(position),
        "createdAt": created_at,
        "action": action,
        "outcome": outcome,
        "reason": reason,
        "after": orjson.loads(after),
        "plugin": {"name": plugin},
        "user": {"username": user},
    }


def answer(data: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps({"data": data}), content_type="application/json")


urlpatterns = [
    path("plugins", show_plugins),
    path("plugin", show_plugin),
    path("audit-log", show_audit_log),
    path("switch", switch_plugin),
]
