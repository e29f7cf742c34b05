"""The refusals as GraphQL types, and the only place where a raised refusal becomes one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from webnet import errors
from webnet.api.declarations.fields import at_most, object_type
from webnet.api.declarations.sizes import MAXIMUM_PLUGINS, MAXIMUM_SETTINGS
from webnet.api.vocabulary.enums import PluginStatus, Role
from webnet.customers.summary import MAXIMUM_NAMED
from webnet.request_record import note_code


@strawberry.interface(
    description=(
        "Every expected 'no'. `... on Refusal { code message }` catches them all; new codes and refusals may come."
    )
)
class Refusal:
    code: str = strawberry.field(description="The reason for programs; it never changes once it is used.")
    message: str = strawberry.field(description="The reason for people, in a sentence that says what to do about it.")


@object_type
class PermissionDenied(Refusal):
    """NOT_SIGNED_IN, BAD_CREDENTIALS, ROLE_TOO_LOW, AVAILABILITY (a required plugin can't be switched off),
    OPERATORS_ONLY, or SESSION_REQUIRED; `requiredRole` is set if a higher role would be allowed to.

    Attributes:
        required_role: The lowest role that would be allowed to; null if no role would.
    """

    required_role: Role | None


@object_type
class NotFound(Refusal):
    """PLUGIN_NOT_FOUND, CUSTOMER_NOT_FOUND, MEMBER_NOT_FOUND, INVITATION_NOT_FOUND, TOKEN_NOT_FOUND or
    PROBLEM_NOT_FOUND: it does not exist, or this viewer may not see it.
    """


@object_type
class Conflict(Refusal):
    """REVISION_CONFLICT: this layer was changed in the meantime.

    Attributes:
        current_revision: The revision that the layer has now.
    """

    current_revision: int


@object_type
class SettingsIssue:
    """One thing that is wrong with a value; it never repeats the value itself.

    Attributes:
        path: Which value, as a JSON Pointer (RFC 6901), such as "/checks/timeout"; empty for the whole.
        message: What is wrong with it, in a sentence.
    """

    path: str
    message: str


@object_type
class InvalidSettings(Refusal):
    """INVALID_SETTINGS: the merged settings are not valid under the plugin's schema.

    Attributes:
        issues: What is wrong, each with its place.
        customer_count: How many customers' settings a global change would break.
    """

    issues: list[SettingsIssue] = at_most(MAXIMUM_SETTINGS)
    customers: list[str] = at_most(
        MAXIMUM_NAMED,
        description="Whose settings a global change would break: the first 20, by slug, and how many there are.",
    )
    customer_count: int


@object_type
class RevisionNotAvailable(Refusal):
    """REVISION_NOT_AVAILABLE: there never was such a revision, or it is no longer in the audit log."""


@object_type
class InvalidInput(Refusal):
    """INVALID_INPUT, NAME_TAKEN, ALREADY_MEMBER, CUSTOMER_INACTIVE, INVITATION_ACCEPTED, _REVOKED or _EXPIRED, or
    TOO_MANY_INVITATIONS: well-formed, but this field of the input can't be accepted.

    Attributes:
        field: The field of the input that can't be accepted.
    """

    field: str


@object_type
class DependencyRefusal(Refusal):
    """DEPENDENCY_DISABLED, _MISSING, _VERSION or _CYCLE, or DEPENDENTS_ENABLED, because of these plugins.

    Attributes:
        plugins: The names of the plugins in the way.
    """

    plugins: list[str] = at_most(MAXIMUM_PLUGINS)


@object_type
class PluginUnavailable(Refusal):
    """PLUGIN_NOT_RUNNABLE, for the reason in `status`, or PLUGIN_DISABLED globally.

    Attributes:
        status: Whether the plugin's code can run here.
    """

    status: PluginStatus


@object_type
class HookFailed(Refusal):
    """HOOK_FAILED: the plugin's own hook raised, and nothing was changed.

    Attributes:
        plugin_name: The plugin whose code failed.
    """

    plugin_name: str


@object_type
class RateLimited(Refusal):
    """RATE_LIMITED: too many attempts.

    Attributes:
        retry_after_seconds: After how many seconds to try again.
    """

    retry_after_seconds: int


Details = Callable[[Any], Mapping[str, Any]]

# (the exception, its GraphQL type, that type's values besides code and message)
REFUSALS: tuple[tuple[type[errors.Refusal], type[Refusal], Details], ...] = (
    (errors.PermissionDenied, PermissionDenied, lambda denied: {"required_role": _read_role(denied.required_role)}),
    (errors.NotFound, NotFound, lambda _: {}),
    (errors.Conflict, Conflict, lambda conflict: {"current_revision": conflict.current_revision}),
    (
        errors.InvalidSettings,
        InvalidSettings,
        lambda invalid: {
            "issues": [SettingsIssue(path=issue.path, message=issue.message) for issue in invalid.issues],
            "customers": list(invalid.customers),
            "customer_count": invalid.customer_count,
        },
    ),
    (errors.RevisionNotAvailable, RevisionNotAvailable, lambda _: {}),
    (errors.InvalidInput, InvalidInput, lambda invalid: {"field": to_camel_case(invalid.field)}),
    (errors.DependencyRefusal, DependencyRefusal, lambda refusal: {"plugins": list(refusal.plugins)}),
    (errors.PluginUnavailable, PluginUnavailable, lambda refusal: {"status": PluginStatus(refusal.status)}),
    (errors.HookFailed, HookFailed, lambda failed: {"plugin_name": failed.plugin_name}),
    (errors.RateLimited, RateLimited, lambda limited: {"retry_after_seconds": limited.retry_after_seconds}),
)


def to_graphql(refusal: errors.Refusal) -> Refusal:
    """The GraphQL value of a refusal."""
    error_type, details = next((shown, more) for raised, shown, more in REFUSALS if isinstance(refusal, raised))
    return error_type(code=refusal.code, message=refusal.message, **details(refusal))


class RefusalHandler:
    """Returns a raised refusal as its GraphQL type where the field's union has it; elsewhere it stays an error."""

    def __init__(self, exception_type: type[errors.Refusal], error_type: type[Refusal]) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(self, exception: errors.Refusal, **_: Any) -> Refusal:
        note_code(exception.code)
        return to_graphql(exception)


def _read_role(role: str | None) -> Role | None:
    return Role(role) if role else None
