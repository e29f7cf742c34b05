"""Every refusal that webnet gives: a stable code, one sentence, and its data.

WebnetError
├── Refusal                 an expected "no"; over GraphQL a member of the result union
│   ├── PermissionDenied      NOT_SIGNED_IN, BAD_CREDENTIALS, ROLE_TOO_LOW, PERMISSION_MISSING, AVAILABILITY,
│   │                         OPERATORS_ONLY
│   ├── NotFound              PLUGIN_NOT_FOUND, CUSTOMER_NOT_FOUND, USER_NOT_FOUND, TOKEN_NOT_FOUND, ROW_NOT_FOUND,
│   │                         PERMISSION_NOT_FOUND
│   ├── Conflict              REVISION_CONFLICT
│   ├── RevisionNotAvailable  REVISION_NOT_AVAILABLE
│   ├── InvalidSettings       INVALID_SETTINGS
│   ├── InvalidInput          INVALID_INPUT, NAME_TAKEN
│   ├── DependencyRefusal     DEPENDENCY_DISABLED, _MISSING, _VERSION, _CYCLE, DEPENDENTS_ENABLED,
│   │                         PLUGIN_IN_USE, ROWS_PROTECTED
│   ├── PluginUnavailable     PLUGIN_NOT_RUNNABLE, PLUGIN_DISABLED
│   ├── HookFailed            HOOK_FAILED
│   └── RateLimited           RATE_LIMITED
├── SecretUnreadable        SECRET_UNREADABLE: a stored secret whose key is gone
├── RequestError            the request itself can't be served; over GraphQL an entry of `errors`
│   ├── Unauthenticated       UNAUTHENTICATED
│   └── CustomerRequired      CUSTOMER_REQUIRED
└── PluginDefinitionError   a plugin author's mistake, found when the plugin loads
"""

from __future__ import annotations

from dataclasses import dataclass


class WebnetError(Exception):
    """Root of every error that webnet raises on purpose; `code` is stable, `message` is for people."""

    code = "WEBNET_ERROR"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refusal(WebnetError):
    """An expected "no": nothing was changed, and the message says what stands in the way."""


class PermissionDenied(Refusal):
    """The actor may not do this; `required_role` names the lowest role that may, where one would do."""

    code = "ROLE_TOO_LOW"

    def __init__(self, message: str, *, code: str | None = None, required_role: str | None = None) -> None:
        super().__init__(message, code=code)
        self.required_role = required_role


class NotFound(Refusal):
    """It does not exist, or not for this actor: both get the same words."""

    code = "NOT_FOUND"

    @classmethod
    def plugin(cls, name: str) -> NotFound:
        return cls(f"There is no plugin '{name}'.", code="PLUGIN_NOT_FOUND")

    @classmethod
    def customer(cls, slug: str) -> NotFound:
        return cls(f"There is no customer '{slug}'.", code="CUSTOMER_NOT_FOUND")

    @classmethod
    def user(cls, username: str) -> NotFound:
        return cls(f"There is no user '{username}'.", code="USER_NOT_FOUND")

    @classmethod
    def permission(cls, codename: str) -> NotFound:
        return cls(f"There is no permission '{codename}'.", code="PERMISSION_NOT_FOUND")

    @classmethod
    def token(cls) -> NotFound:
        return cls("There is no such token among yours.", code="TOKEN_NOT_FOUND")


class Conflict(Refusal):
    """Somebody else changed this first; `current_revision` is what to read again."""

    code = "REVISION_CONFLICT"

    def __init__(self, message: str, *, current_revision: int) -> None:
        super().__init__(message)
        self.current_revision = current_revision


class RevisionNotAvailable(Refusal):
    """These settings never had that revision, or the audit log does not hold it any more."""

    code = "REVISION_NOT_AVAILABLE"


@dataclass(frozen=True, kw_only=True)
class SettingsIssue:
    """One fault of some settings: `path` is a JSON Pointer (RFC 6901); the value is never repeated."""

    path: str
    message: str


class InvalidSettings(Refusal):
    """The merged settings do not fit the plugin's schema.

    Where a global change would break customers' settings, `customers` are the first slugs of `customer_count`, and
    the issues are those of these customers.
    """

    code = "INVALID_SETTINGS"

    def __init__(
        self,
        message: str,
        *,
        issues: tuple[SettingsIssue, ...],
        customers: tuple[str, ...] = (),
        customer_count: int = 0,
    ) -> None:
        super().__init__(message)
        self.issues = issues
        self.customers = customers
        self.customer_count = customer_count


class InvalidInput(Refusal):
    """Well-formed, but `field` of the input can't be taken."""

    code = "INVALID_INPUT"

    def __init__(self, message: str, *, field: str, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class DependencyRefusal(Refusal):
    """The plan breaks a dependency; `plugins` are the names in the way.

    `customers` are those concerned, the first few by slug, and `customer_count` is how many there are; both are for
    platform operators, and empty where the refusal is about one customer or about none.
    """

    code = "DEPENDENCY_DISABLED"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        plugins: tuple[str, ...],
        customers: tuple[str, ...] = (),
        customer_count: int = 0,
    ) -> None:
        super().__init__(message, code=code)
        self.plugins = plugins
        self.customers = customers
        self.customer_count = customer_count


class PluginUnavailable(Refusal):
    """The plugin can't run now; `status` is the plugin's, in lower case."""

    code = "PLUGIN_NOT_RUNNABLE"

    def __init__(self, message: str, *, code: str | None = None, status: str) -> None:
        super().__init__(message, code=code)
        self.status = status


class HookFailed(Refusal):
    """A plugin's own hook raised, and nothing was changed."""

    code = "HOOK_FAILED"

    def __init__(self, message: str, *, plugin_name: str) -> None:
        super().__init__(message)
        self.plugin_name = plugin_name


class RateLimited(Refusal):
    """Too many tries."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SecretUnreadable(WebnetError):
    """A sealed secret does not open: its key is gone, or it was sealed for another place; `path` is its pointer."""

    code = "SECRET_UNREADABLE"

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class RequestError(WebnetError):
    """The request as a whole can't be served; over GraphQL it is in `errors` with `extensions.code`."""


class Unauthenticated(RequestError):
    """Nobody is signed in."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("Sign in first, or send a token: 'Authorization: Bearer wn_…'.")


class CustomerRequired(RequestError):
    """The field needs one customer, and the request names none."""

    code = "CUSTOMER_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This needs one customer: ask '/graphql/<customer>/' instead.")


class PluginDefinitionError(WebnetError):
    """A plugin author's mistake; the message names the plugin, the place and the way out."""

    code = "PLUGIN_DEFINITION"
