"""What the API says of a plugin, in the words of the drawings: its dependencies, its health and its versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from webnet.console.charts.dependency_graph import GraphPlugin, Need, draw_dependencies
from webnet.console.charts.health_chart import Check, draw_health
from webnet.console.frame.page_frame import Frame
from webnet.console.plugins.tabs import find_address
from webnet.console.time_zones import find_zone


def describe_graph(frame: Frame, plugin: Mapping[str, Any]) -> dict[str, Any]:
    """`graph` and `links` of a page: the drawing, None if there is nothing to draw, and what it shows as a list."""
    links = plugin["dependencyGraph"]
    rows = {plugin["name"]: plugin}
    for link in links:
        rows.setdefault(link["dependent"]["name"], link["dependent"])
        if link["dependency"]["plugin"] is not None:
            rows.setdefault(link["dependency"]["name"], link["dependency"]["plugin"])
    unfit = {link["dependency"]["name"] for link in links if not link["dependency"]["isSatisfied"]}
    # What needs another version of the plugin itself is at fault, and not the plugin.
    unfit.discard(plugin["name"])
    plugins = {name: _describe(frame, row, is_unfit=name in unfit) for name, row in rows.items()}
    for name in unfit - rows.keys():
        plugins[name] = GraphPlugin(name=name, label=name, detail=_("not available"), state="missing")
    shown = [
        {
            "dependent": plugins[link["dependent"]["name"]],
            "needed": _describe(frame, rows[name], is_unfit=not link["dependency"]["isSatisfied"])
            if (name := link["dependency"]["name"]) in rows
            else plugins[name],
            "specifier": link["dependency"]["specifier"],
            "is_satisfied": link["dependency"]["isSatisfied"],
        }
        for link in links
    ]
    needs = [
        Need(dependent=each["dependent"].name, dependency=each["needed"].name, is_satisfied=each["is_satisfied"])
        for each in shown
    ]
    return {"graph": draw_dependencies(plugin["name"], plugins, needs) if links else None, "links": shown}


def _describe(frame: Frame, plugin: Mapping[str, Any], *, is_unfit: bool) -> GraphPlugin:
    details = [
        plugin["version"],
        _("can't run") if plugin["status"] != "LOADED" else None,
        _("does not fit") if is_unfit else None,
    ]
    return GraphPlugin(
        name=plugin["name"],
        label=plugin["verboseName"],
        detail=", ".join(each for each in details if each),
        address=find_address(frame, plugin["name"]),
        state="unfit" if is_unfit else "plain",
    )


def describe_health(frame: Frame, history: Mapping[str, Any]) -> dict[str, Any]:
    """`chart`, `checks` and `page_info` of a page: the drawing, None without any check, and its rows."""
    zone = find_zone(frame.request)
    checks = [
        Check(
            status=row["status"],
            at=datetime.fromisoformat(row["checkedAt"]).astimezone(zone),
            duration_ms=row["durationMs"],
            message=row["message"],
        )
        for row in history["nodes"]
    ]
    return {"chart": draw_health(checks), "checks": history["nodes"], "page_info": history["pageInfo"]}


def list_versions(plugin: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Each version with the time since when it was installed, the newest first; None if the viewer may not see that.

    The first one is known by the upgrade from it, or is still there.
    """
    rows = plugin["auditLogs"]
    if rows is None:
        return None
    versions = [
        {"version": row["after"]["version"], "since": row["createdAt"], "by": row["actorName"], "reason": row["reason"]}
        for row in rows["nodes"]
    ]
    if not rows["pageInfo"]["hasNextPage"]:
        oldest = rows["nodes"][-1]["before"]["version"] if rows["nodes"] else plugin["version"]
        if oldest:
            versions.append({"version": oldest, "since": plugin["createdAt"], "by": None, "reason": None})
    return versions
