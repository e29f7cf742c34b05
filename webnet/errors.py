"""Every error that webnet raises on purpose, each with a stable code, a one-sentence message and its data.

WebnetError
├── Refusal                 an expected failure; in GraphQL, a member of the mutation's result union
│   ├── PermissionDenied      NOT_SIGNED_IN, BAD_CREDENTIALS, ROLE_TOO_LOW, PERMISSION_MISSING, AVAILABILITY,
│   │                         OPERATORS_ONLY, SESSION_REQUIRED
│   ├── NotFound              PLUGIN_NOT_FOUND, CUSTOMER_NOT_FOUND, USER_NOT_FOUND, TOKEN_NOT_FOUND, ROW_NOT_FOUND,
│   │                         PERMISSION_NOT_FOUND, MEMBER_NOT_FOUND, INVITATION_NOT_FOUND
│   ├── Conflict              REVISION_CONFLICT
│   ├── RevisionNotAvailable  REVISION_NOT_AVAILABLE
│   ├── InvalidSettings       INVALID_SETTINGS
│   ├── InvalidInput          INVALID_INPUT, NAME_TAKEN, ALREADY_MEMBER, CUSTOMER_INACTIVE, INVITATION_ACCEPTED,
│   │                         INVITATION_REVOKED, INVITATION_EXPIRED, TOO_MANY_INVITATIONS
│   ├── DependencyRefusal     DEPENDENCY_DISABLED, _MISSING, _VERSION, _CYCLE, DEPENDENTS_ENABLED,
│   │                         PLUGIN_IN_USE, ROWS_PROTECTED
│   ├── PluginUnavailable     PLUGIN_NOT_RUNNABLE, PLUGIN_DISABLED
│   ├── HookFailed            HOOK_FAILED
│   └── RateLimited           RATE_LIMITED
├── SecretUnreadable        SECRET_UNREADABLE: a stored secret can't be decrypted
├── RequestError            the request as a whole can't be served; in GraphQL, an entry in `errors`
│   ├── Unauthenticated       UNAUTHENTICATED
│   ├── CustomerRequired      CUSTOMER_REQUIRED
│   ├── DatabaseOutage        DATABASE_UNAVAILABLE, DATABASE_BUSY
│   ├── ServerBusy            SERVER_BUSY
│   ├── DeadlineExceeded      DEADLINE_EXCEEDED
│   ├── BodyRefused
│   │   ├── BodyTooSlow       BODY_TOO_SLOW
│   │   ├── BodyTooLarge      BODY_TOO_LARGE
│   │   └── BodyIncomplete    BAD_REQUEST
│   └── TablesBusy            TABLES_BUSY
└── PluginDefinitionError   a mistake in a plugin's code, found when the plugin is loaded
"""

from __future__ import annotations

from dataclasses import dataclass

# Of what somebody sent, in messages and in the log; and of a whole message of a refusal.
MAXIMUM_SHOWN = 200
MAXIMUM_MESSAGE = 1_000


def show(sent: object) -> str:
    """What somebody sent, as a message shows it: cut, so that nobody can fill answers and logs with it."""
    return shorten(str(sent), MAXIMUM_SHOWN)


def shorten(text: str, length: int) -> str:
    """The text, or as much of it from its beginning and an ellipsis."""
    return text if len(text) <= length else f"{text[:length]}…"


class WebnetError(Exception):
    """Base class of all errors that webnet raises on purpose; `code` is stable, `message` is for people."""

    code = "WEBNET_ERROR"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        # A plugin's message may be lazily translated: here it is in the language of whoever is refused.
        self.message = str(message)
        super().__init__(self.message)
        if code is not None:
            self.code = code


class Refusal(WebnetError):
    """An expected failure: nothing was changed, and the message explains why."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(shorten(str(message), MAXIMUM_MESSAGE), code=code)


class PermissionDenied(Refusal):
    """The actor is not allowed to do this; `required_role` is the lowest role that is, if a role would be enough."""

    code = "ROLE_TOO_LOW"

    def __init__(self, message: str, *, code: str | None = None, required_role: str | None = None) -> None:
        super().__init__(message, code=code)
        self.required_role = required_role


class NotFound(Refusal):
    """It does not exist, or the actor may not see it; the message is the same in both cases."""

    code = "NOT_FOUND"

    @classmethod
    def plugin(cls, name: str) -> NotFound:
        return cls(f"There is no plugin '{show(name)}'.", code="PLUGIN_NOT_FOUND")

    @classmethod
    def customer(cls, slug: str) -> NotFound:
        return cls(f"There is no customer '{show(slug)}'.", code="CUSTOMER_NOT_FOUND")

    @classmethod
    def user(cls, username: str) -> NotFound:
        return cls(f"There is no user '{show(username)}'.", code="USER_NOT_FOUND")

    @classmethod
    def member(cls, username: str, slug: str) -> NotFound:
        return cls(
            f"'{show(username)}' is not a member of '{slug}': invite them with 'inviteMember'.", code="MEMBER_NOT_FOUND"
        )

    @classmethod
    def invitation(cls, name: str) -> NotFound:
        return cls(
            f"There is no such invitation for '{name}': sign in as the person who was invited, or ask for a new one.",
            code="INVITATION_NOT_FOUND",
        )

    @classmethod
    def invitation_of(cls, slug: str) -> NotFound:
        return cls(f"'{slug}' has no invitation with this id.", code="INVITATION_NOT_FOUND")

    @classmethod
    def permission(cls, codename: str) -> NotFound:
        return cls(f"There is no permission '{show(codename)}'.", code="PERMISSION_NOT_FOUND")

    @classmethod
    def problem(cls, key: str) -> NotFound:
        return cls(f"There is no problem '{show(key)}' now.", code="PROBLEM_NOT_FOUND")

    @classmethod
    def token(cls) -> NotFound:
        return cls("You have no token with this id.", code="TOKEN_NOT_FOUND")


class Conflict(Refusal):
    """Somebody else changed this in the meantime; `current_revision` is the revision to read before trying again."""

    code = "REVISION_CONFLICT"

    def __init__(self, message: str, *, current_revision: int) -> None:
        super().__init__(message)
        self.current_revision = current_revision


class RevisionNotAvailable(Refusal):
    """The settings never had this revision, or the audit log no longer contains it."""

    code = "REVISION_NOT_AVAILABLE"


@dataclass(frozen=True, kw_only=True)
class SettingsIssue:
    """One problem with a settings document, at `path` (a JSON Pointer, RFC 6901); the message never has the value."""

    path: str
    message: str


class InvalidSettings(Refusal):
    """The merged settings do not match the plugin's schema.

    When a change of the global settings would invalidate customers' settings, `customers` has the slugs of the first
    few of them, `customer_count` is their total number, and the issues are theirs.
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
    """The input is well-formed, but the value of `field` is not acceptable."""

    code = "INVALID_INPUT"

    def __init__(self, message: str, *, field: str, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class DependencyRefusal(Refusal):
    """The change would break a dependency between plugins; `plugins` names those that prevent it.

    `customers` has the slugs of the first few affected customers, and `customer_count` is their total number. Both are
    for platform operators, and are empty if the refusal concerns a single customer or no customer at all.
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
    """The plugin can't run at the moment; `status` is its status in lower case."""

    code = "PLUGIN_NOT_RUNNABLE"

    def __init__(self, message: str, *, code: str | None = None, status: str) -> None:
        super().__init__(message, code=code)
        self.status = status


class HookFailed(Refusal):
    """A hook of the plugin raised an exception, so nothing was changed.

    `ended_transaction`: it has ended the transaction of the change, which no hook can be allowed to try again.
    """

    code = "HOOK_FAILED"

    def __init__(self, message: str, *, plugin_name: str, ended_transaction: bool = False) -> None:
        super().__init__(message)
        self.plugin_name = plugin_name
        self.ended_transaction = ended_transaction


class RateLimited(Refusal):
    """Too many attempts, or too many requests to the API; try again after `retry_after_seconds`."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SecretUnreadable(WebnetError):
    """A stored secret can't be decrypted: its key is missing, or it was encrypted for another place than `path`."""

    code = "SECRET_UNREADABLE"

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path


class RequestError(WebnetError):
    """The request as a whole can't be served; in GraphQL it is an entry in `errors` with `extensions.code`."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(shorten(str(message), MAXIMUM_MESSAGE), code=code)


class Unauthenticated(RequestError):
    """Nobody is signed in."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("Sign in first, or send a token: 'Authorization: Bearer wn_…'.")


class CustomerRequired(RequestError):
    """The field needs a customer, and the request does not name one."""

    code = "CUSTOMER_REQUIRED"

    def __init__(self) -> None:
        super().__init__(
            "This field needs a customer: send the request to '/graphql/<customer>/', or choose your default with "
            "'setDefaultCustomer'."
        )


class DatabaseOutage(RequestError):
    """The database does not work at the moment, which is nobody's mistake; `webnet.database.outages` has the kinds."""

    status = 503

    def __init__(self, message: str, *, code: str, retry_after_seconds: int) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class ServerBusy(RequestError):
    """More requests wait for a thread than can be served soon, so this one was not begun."""

    code = "SERVER_BUSY"
    status = 503
    retry_after_seconds = 5

    def __init__(self) -> None:
        super().__init__("Too many requests are waiting: try again in a few seconds.")


class DeadlineExceeded(RequestError):
    """The request has taken all of its time; what it has not committed until then is undone."""

    code = "DEADLINE_EXCEEDED"
    status = 504

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"This took longer than {seconds:g} seconds and was stopped; nothing was changed. Ask for less at a time."
        )


class BodyRefused(RequestError):
    """The body of a request can't be taken, so nothing was begun; what is left of it may still come."""

    status: int


class BodyTooSlow(BodyRefused):
    """The body of the request did not come in time."""

    code = "BODY_TOO_SLOW"
    status = 408

    def __init__(self) -> None:
        super().__init__("The body of the request came too slowly: send it again, over a faster connection.")


class BodyTooLarge(BodyRefused):
    """The body of the request is larger than what its address takes."""

    code = "BODY_TOO_LARGE"
    status = 413

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is larger than {largest} bytes.")


class BodyIncomplete(BodyRefused):
    """The body of the request ended too early, or its chunks make no sense."""

    code = "BAD_REQUEST"
    status = 400

    def __init__(self) -> None:
        super().__init__("The body is incomplete.")


class TablesBusy(RequestError):
    """Another process has been migrating, uninstalling or backing up plugins for longer than this one waits."""

    code = "TABLES_BUSY"

    def __init__(self) -> None:
        super().__init__(
            "Plugins are being migrated, uninstalled or backed up by another process: try again once it is done."
        )


class PluginDefinitionError(WebnetError):
    """A mistake in a plugin's code; the message names the plugin, the place, and what to do about it."""

    code = "PLUGIN_DEFINITION"
