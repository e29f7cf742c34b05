"""What a plugin can declare, as frozen dataclasses; an equivalent dict is accepted wherever one is expected."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webnet.sentences import sentence
from webnet.values.lazy_texts import plain

ROLES = ("viewer", "operator", "admin")
HEALTH_STATUSES = ("healthy", "degraded", "unhealthy", "unknown")


@dataclass(frozen=True, kw_only=True)
class HookContext:
    """What a hook, a widget or a health check is called for: one customer, or None for the whole platform.

    `settings` are the merged ones with secrets in plain text, and are therefore not part of the repr.
    """

    customer: object | None
    actor: object
    settings: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """Another plugin that this one needs; `specifier` is a version specifier (PEP 440), or empty for any version."""

    name: str
    specifier: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.specifier}"


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """An entry in the menu; lower orders come first, and only members with `permission` (a codename) see it.

    `url` is relative to the plugin's pages, like `UIView.path` ("" is its first page), or starts with "/" (on this
    host), "https://" or "http://".
    """

    label: str
    url: str = field(metadata={"may_be_empty": True})
    icon: str = ""
    order: int = 100
    permission: str = ""

    @property
    def is_absolute(self) -> bool:
        """Whether it leads to anything other than a page of the plugin."""
        return self.url.startswith(("/", "https://", "http://"))


@dataclass(frozen=True, kw_only=True)
class DashboardWidget:
    """A widget on the dashboard: either `data` (JSON to render) or `html` (sanitised before it is shown).

    Both are functions that take a `HookContext` or nothing, and are called each time the dashboard is requested.
    """

    name: str
    title: str
    order: int = 100
    permission: str = ""
    data: Callable[..., Any] | None = None
    html: Callable[..., str] | None = None


@dataclass(frozen=True, kw_only=True)
class UIView:
    """A page of the plugin; `path` is relative to the plugin's pages, with the syntax of Django's `path()`.

    `view` is a Django view, such as a class's `as_view()`; `request.webnet` is a `HookContext`.
    """

    name: str
    path: str = field(metadata={"may_be_empty": True})
    view: Callable[..., Any]
    title: str = ""
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """Something that members with at least `minimum_role` may do; its codename is `<plugin>.<name>`."""

    name: str
    description: str
    minimum_role: str = "operator"


@dataclass(frozen=True, kw_only=True)
class ExternalHost:
    """Another machine that the plugin's code talks to, for those who decide whether to enable the plugin.

    `name` is a host name or an IP address, with a port after a colon if only that one is used: "api.example.com",
    "*.example.com", "192.0.2.1:443"; "*" is any host, such as those that customers enter. Nothing enforces it.
    """

    name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class UpgradeNote:
    """What people should know before they upgrade to this version of the plugin."""

    version: str
    text: str


@dataclass(frozen=True, kw_only=True)
class GraphQLExtension:
    """What a plugin adds to the GraphQL schema: fields of the root types, types, and fields of existing types."""

    query: type | None = None
    mutation: type | None = None
    subscription: type | None = None
    types: tuple[Any, ...] = ()
    extends: Mapping[type, type] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HealthReport:
    """The result of a health check; `status` is healthy, degraded, unhealthy or unknown."""

    status: str
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, answer: object) -> HealthReport:
        """Convert what a check returned: a report, an equivalent dict, a bool, or None for healthy; else unknown."""
        if answer is None or isinstance(answer, bool):
            return cls(status="unhealthy" if answer is False else "healthy")
        if isinstance(answer, Mapping):
            answer = _report_from_dict(answer)
        if not isinstance(answer, cls):
            return cls(
                status="unknown",
                message=sentence("The check returned {kind}, not a HealthReport.", kind=type(answer).__name__),
            )
        answer = _without_lazy_texts(answer)
        if answer.status not in HEALTH_STATUSES:
            return cls(
                status="unknown",
                message=sentence("The check's status must be one of {statuses}.", statuses=", ".join(HEALTH_STATUSES)),
            )
        if not _is_storable(answer.message, str) or not _is_storable(answer.details, Mapping):
            return cls(
                status="unknown",
                message=sentence("The check's message must be a string, and its details a JSON object."),
            )
        return answer


def _report_from_dict(answer: Mapping[Any, Any]) -> HealthReport | Mapping[Any, Any]:
    try:
        return HealthReport(**answer)
    except TypeError:
        return answer


def _without_lazy_texts(report: HealthReport) -> HealthReport:
    """It is stored, so its texts are strings from here on, in the platform's language: no viewer's is set here."""
    try:
        return replace(report, message=plain(report.message), details=plain(report.details))
    except RecursionError:
        return report


def _is_storable(value: object, kind: type) -> bool:
    """Whether the value is of this type, and JSON that both databases can store."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()  # Lone surrogates can't be encoded.
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(value, kind) and "\\u0000" not in text
