"""Every error that webnet raises on purpose, each with a stable code, a one-sentence message and its data.

WebnetError
├── Refusal                 an expected failure; in GraphQL, a member of the mutation's result union
│   ├── PermissionDenied      the actor is not allowed to
│   ├── NotFound              it does not exist, or the actor may not see it
│   ├── Conflict              somebody else changed it
│   ├── RevisionNotAvailable  the settings never had this revision, or it was pruned
│   ├── InvalidSettings       the merged settings do not match the plugin's schema
│   ├── InvalidInput          values of the input are not acceptable
│   ├── DependencyRefusal     it would break a dependency between plugins
│   ├── PluginUnavailable     the plugin can't run at the moment
│   ├── HookFailed            a hook of the plugin raised
│   └── RateLimited           too many attempts
├── SecretUnreadable        SECRET_UNREADABLE: a stored secret can't be decrypted
├── RequestError            the request as a whole can't be served; in GraphQL, an entry in `errors`
│   ├── Unauthenticated       UNAUTHENTICATED
│   ├── CustomerRequired      CUSTOMER_REQUIRED
│   ├── DatabaseOutage        DATABASE_UNAVAILABLE, DATABASE_BUSY
│   ├── ServerBusy            SERVER_BUSY
│   ├── DeadlineExceeded      DEADLINE_EXCEEDED
│   ├── BodyRefused           in `body_errors`: BODY_TOO_SLOW, BODY_TOO_LARGE, BAD_REQUEST
│   └── TablesBusy            TABLES_BUSY
└── PluginDefinitionError   a mistake in a plugin's code, found when the plugin is loaded

Each refusal has its codes in `codes`; the descriptions in the schema are made of them. Plugins give others besides.
When each comes, and what a client does then, is in `webnet.contract.refusal_codes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from webnet.sentences import join_sentences, sentence

# Of what somebody sent, in messages and in the log; and of a whole message of a refusal.
MAXIMUM_SHOWN = 200
MAXIMUM_MESSAGE = 1_000
# A fault beside others. There is nothing to translate in it, so it is no literal where it is used.
LABELLED = "{label}{message}"


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
    """An expected failure: nothing was changed, and the message explains why; `codes` are all that webnet gives it."""

    codes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(shorten(str(message), MAXIMUM_MESSAGE), code=code)


class PermissionDenied(Refusal):
    """The actor is not allowed to do this; `required_role` is the lowest role that is, if a role would be enough."""

    code = "ROLE_TOO_LOW"
    codes = (
        "NOT_SIGNED_IN",
        "BAD_CREDENTIALS",
        "ROLE_TOO_LOW",
        "PERMISSION_MISSING",
        "AVAILABILITY",
        "OPERATORS_ONLY",
        "SESSION_REQUIRED",
    )

    def __init__(self, message: str, *, code: str | None = None, required_role: str | None = None) -> None:
        super().__init__(message, code=code)
        self.required_role = required_role


class NotFound(Refusal):
    """It does not exist, or the actor may not see it; the message is the same in both cases."""

    code = "NOT_FOUND"
    codes = (
        "PLUGIN_NOT_FOUND",
        "CUSTOMER_NOT_FOUND",
        "USER_NOT_FOUND",
        "TOKEN_NOT_FOUND",
        "ROW_NOT_FOUND",
        "PERMISSION_NOT_FOUND",
        "MEMBER_NOT_FOUND",
        "INVITATION_NOT_FOUND",
        "PROBLEM_NOT_FOUND",
    )

    @classmethod
    def plugin(cls, name: str) -> NotFound:
        return cls(sentence("There is no plugin '{plugin}'.", plugin=show(name)), code="PLUGIN_NOT_FOUND")

    @classmethod
    def customer(cls, slug: str) -> NotFound:
        return cls(sentence("There is no customer '{customer}'.", customer=show(slug)), code="CUSTOMER_NOT_FOUND")

    @classmethod
    def user(cls, username: str) -> NotFound:
        return cls(sentence("There is no user '{username}'.", username=show(username)), code="USER_NOT_FOUND")

    @classmethod
    def member(cls, username: str, slug: str) -> NotFound:
        return cls(
            sentence(
                "'{username}' is not a member of '{customer}': invite them with 'inviteMember'.",
                username=show(username),
                customer=slug,
            ),
            code="MEMBER_NOT_FOUND",
        )

    @classmethod
    def invitation(cls, name: str) -> NotFound:
        return cls(
            sentence(
                "There is no such invitation for '{name}': sign in as the person who was invited, or ask for a new "
                "one.",
                name=name,
            ),
            code="INVITATION_NOT_FOUND",
        )

    @classmethod
    def invitation_of(cls, slug: str) -> NotFound:
        return cls(sentence("'{customer}' has no invitation with this id.", customer=slug), code="INVITATION_NOT_FOUND")

    @classmethod
    def permission(cls, codename: str) -> NotFound:
        return cls(
            sentence("There is no permission '{permission}'.", permission=show(codename)), code="PERMISSION_NOT_FOUND"
        )

    @classmethod
    def problem(cls, key: str) -> NotFound:
        return cls(sentence("There is no problem '{key}' now.", key=show(key)), code="PROBLEM_NOT_FOUND")

    @classmethod
    def token(cls) -> NotFound:
        return cls(sentence("You have no token with this id."), code="TOKEN_NOT_FOUND")


class Conflict(Refusal):
    """Somebody else changed this in the meantime; `current_revision` is the revision to read before trying again."""

    code = "REVISION_CONFLICT"
    codes = ("REVISION_CONFLICT",)

    def __init__(self, message: str, *, current_revision: int) -> None:
        super().__init__(message)
        self.current_revision = current_revision


class RevisionNotAvailable(Refusal):
    """The settings never had this revision, or the audit log no longer contains it."""

    code = "REVISION_NOT_AVAILABLE"
    codes = ("REVISION_NOT_AVAILABLE",)


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
    codes = ("INVALID_SETTINGS",)

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


@dataclass(frozen=True, kw_only=True)
class InputFault:
    """One value of an input that is not acceptable; `path` leads to it, and is empty for the input as a whole.

    Its steps are the names of fields, as Python has them, and positions in lists. The message never has a secret.
    """

    path: tuple[str, ...]
    message: str
    code: str = "INVALID_INPUT"


class InvalidInput(Refusal):
    """The input is well-formed, but values of it are not acceptable: `faults` has all of them.

    `field` is the first step to the first of them; "" for the input as a whole.
    """

    code = "INVALID_INPUT"
    codes = (
        "INVALID_INPUT",
        "NAME_TAKEN",
        "ALREADY_MEMBER",
        "CUSTOMER_INACTIVE",
        "INVITATION_ACCEPTED",
        "INVITATION_REVOKED",
        "INVITATION_EXPIRED",
        "TOO_MANY_INVITATIONS",
        "OWN_ACCOUNT",
        "LAST_OPERATOR",
    )

    def __init__(self, message: str, *, field: str, code: str | None = None, faults: Sequence[InputFault] = ()) -> None:
        super().__init__(message, code=code)
        self.field = str(field)
        path = (self.field,) if field else ()
        self.faults = tuple(faults) or (InputFault(path=path, message=self.message, code=self.code),)

    @classmethod
    def of(cls, faults: Sequence[InputFault], *, code: str | None = None) -> InvalidInput:
        """The refusal for these faults; its code is that of the first of them, if no other is given."""
        first, are_named = faults[0], len({fault.path for fault in faults}) > 1
        labels = [f"{'.'.join(fault.path)}: " if are_named and fault.path else "" for fault in faults]
        parts = (
            sentence(LABELLED, label=label, message=fault.message) for label, fault in zip(labels, faults, strict=True)
        )
        message = join_sentences(parts)
        return cls(message, field=first.path[0] if first.path else "", code=code or first.code, faults=faults)


class DependencyRefusal(Refusal):
    """The change would break a dependency between plugins; `plugins` names those that prevent it.

    `customers` has the slugs of the first few affected customers, and `customer_count` is their total number. Both are
    for platform operators, and are empty if the refusal concerns a single customer or no customer at all.
    """

    code = "DEPENDENCY_DISABLED"
    codes = (
        "DEPENDENCY_DISABLED",
        "DEPENDENCY_MISSING",
        "DEPENDENCY_VERSION",
        "DEPENDENCY_CYCLE",
        "DEPENDENTS_ENABLED",
        "PLAN_CHANGED",
        "PLUGIN_IN_USE",
        "ROWS_PROTECTED",
    )

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
    codes = ("PLUGIN_NOT_RUNNABLE", "PLUGIN_DISABLED")

    def __init__(self, message: str, *, code: str | None = None, status: str) -> None:
        super().__init__(message, code=code)
        self.status = status


class HookFailed(Refusal):
    """A hook of the plugin raised an exception, so nothing was changed.

    `ended_transaction`: it has ended the transaction of the change, which no hook can be allowed to try again.
    """

    code = "HOOK_FAILED"
    codes = ("HOOK_FAILED",)

    def __init__(self, message: str, *, plugin_name: str, ended_transaction: bool = False) -> None:
        super().__init__(message)
        self.plugin_name = plugin_name
        self.ended_transaction = ended_transaction


class RateLimited(Refusal):
    """Too many attempts, or too many requests to the API; try again after `retry_after_seconds`."""

    code = "RATE_LIMITED"
    codes = ("RATE_LIMITED",)

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
        super().__init__(sentence("Sign in first, or send a token: '{header}'.", header="Authorization: Bearer wn_…"))


class CustomerRequired(RequestError):
    """The field needs a customer, and the request does not name one."""

    code = "CUSTOMER_REQUIRED"

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "This field needs a customer: send the request to '/graphql/<customer>/', or choose your default with "
                "'setDefaultCustomer'."
            )
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
        super().__init__(sentence("Too many requests are waiting: try again in a few seconds."))


class DeadlineExceeded(RequestError):
    """The request has taken all of its time; what it has not committed until then is undone."""

    code = "DEADLINE_EXCEEDED"
    status = 504

    def __init__(self, seconds: float) -> None:
        shown = f"{seconds:g}"
        super().__init__(
            sentence(
                "This took longer than {seconds} seconds and was stopped; nothing was changed. Ask for less at a time.",
                seconds=shown,
            )
        )


class TablesBusy(RequestError):
    """Another process has been migrating, uninstalling or backing up plugins for longer than this one waits."""

    code = "TABLES_BUSY"

    def __init__(self) -> None:
        super().__init__(
            sentence(
                "Plugins are being migrated, uninstalled or backed up by another process: try again once it is done."
            )
        )


class PluginDefinitionError(WebnetError):
    """A mistake in a plugin's code; the message names the plugin, the place, and what to do about it."""

    code = "PLUGIN_DEFINITION"
