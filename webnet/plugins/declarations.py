"""What a plugin can declare, as frozen values; wherever one is asked for, an equal dict will do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("viewer", "operator", "admin")
HEALTH_STATUSES = ("healthy", "degraded", "unhealthy", "unknown")


@dataclass(frozen=True, kw_only=True)
class HookContext:
    """For whom a hook, a widget or a health check runs: one customer, or None for the whole platform.

    `settings` are the merged ones with the secrets readable, which is why the repr leaves them out.
    """

    customer: object | None
    actor: object
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Another plugin that must be effective first; `specifier` is PEP 440, empty for any version."""

    name: str
    specifier: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.specifier}"


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """An entry of the menu; lower orders come first, and `permission` (a codename) hides it from those without.

    `url` is relative to the plugin's own pages, as in `UIView.path` ("" is its first page), or begins with "/" (of this
    host), "https://" or "http://".
    """

    label: str
    url: str = field(metadata={"may_be_empty": True})
    icon: str = ""
    order: int = 100
    permission: str = ""

    @property
    def is_absolute(self) -> bool:
        """Whether it leads somewhere else than to a page of the plugin."""
        return self.url.startswith(("/", "https://", "http://"))


@dataclass(frozen=True, kw_only=True)
class DashboardWidget:
    """A widget of the dashboard: either `data` (JSON to draw) or `html` (sanitised before it is shown).

    Both are callables that take a `HookContext`, or nothing, and run whenever the dashboard is asked for.
    """

    name: str
    title: str
    order: int = 100
    permission: str = ""
    data: Callable[..., Any] | None = None
    html: Callable[..., str] | None = None


@dataclass(frozen=True, kw_only=True)
class UIView:
    """A page of the plugin; `path` is relative to the plugin's own place, as in Django's `path()`.

    `view` is a view as Django calls it, also a class's `as_view()`; `request.webnet` is its `HookContext`.
    """

    name: str
    path: str = field(metadata={"may_be_empty": True})
    view: Callable[..., Any]
    title: str = ""
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Something that members may do from `minimum_role` up; its codename is `<plugin>.<name>`."""

    name: str
    description: str
    minimum_role: str = "operator"


@dataclass(frozen=True, kw_only=True)
class GraphQLExtension:
    """What a plugin adds to the schema: mix-ins for the three roots, types, and fields for types of the host."""

    query: type | None = None
    mutation: type | None = None
    subscription: type | None = None
    types: tuple[Any, ...] = ()
    extends: Mapping[type, type] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """What a health check found; `status` is one of healthy, degraded, unhealthy and unknown."""

    status: str
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, answer: object) -> HealthReport:
        """What a check's answer means: a report, an equal dict, a bool, or None for healthy; else it is unknown."""
        if answer is None or isinstance(answer, bool):
            return cls(status="unhealthy" if answer is False else "healthy")
        if isinstance(answer, Mapping):
            answer = _report_from_dict(answer)
        if not isinstance(answer, cls):
            return cls(status="unknown", message=f"The check returned {type(answer).__name__}, not a HealthReport.")
        if answer.status not in HEALTH_STATUSES:
            return cls(status="unknown", message=f"The check's status is none of {', '.join(HEALTH_STATUSES)}.")
        if not _is_storable(answer.message, str) or not _is_storable(answer.details, Mapping):
            return cls(status="unknown", message="The check's message must be a text, and its details a JSON object.")
        return answer


def _report_from_dict(answer: Mapping[Any, Any]) -> HealthReport | Mapping[Any, Any]:
    try:
        return HealthReport(**answer)
    except TypeError:
        return answer


def _is_storable(value: object, kind: type) -> bool:
    """Whether it is of that kind, and JSON that both databases take."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()  # a half of a character is none
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, kind) and "\\u0000" not in text
