"""The refusals as GraphQL types, and the only place where a raised refusal becomes one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from webnet import errors
from webnet.api.declarations.docstrings import docstring_of
from webnet.api.declarations.fields import at_most, object_type
from webnet.api.declarations.sizes import MAXIMUM_FAULTS, MAXIMUM_PLUGINS, MAXIMUM_SETTINGS, MAXIMUM_STEPS
from webnet.api.vocabulary.enums import PluginStatus, Role
from webnet.customers.summary import MAXIMUM_NAMED
from webnet.plugins.schema.walk import split_pointer
from webnet.request_record import note_code
from webnet.values.viewer_language import for_viewer

# The argument of every mutation of webnet, and of those of plugins that take one.
INPUT = "input"


Kind = TypeVar("Kind", bound=type)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField, at_most))
def refusal_type(raised: type[errors.Refusal]) -> Callable[[Kind], Kind]:
    """The type of a refusal; its description ends with all codes that webnet gives it."""

    def declare(cls: Kind) -> Kind:
        codes = ", ".join(raised.codes)
        description = f"{docstring_of(cls)} {'Codes' if len(raised.codes) > 1 else 'Code'}: {codes}."
        return object_type(cls, description=description)

    return declare


@strawberry.interface(
    description=(
        "Every expected 'no'. `... on Refusal { code message }` catches them all; new codes and refusals may come."
    )
)
class Refusal:
    code: str = strawberry.field(
        description=(
            "The reason for programs; it never changes. It is a string rather than an enum, since new versions and "
            "plugins bring new codes: treat an unknown one by the type of its refusal."
        )
    )
    message: str = strawberry.field(description="The reason for people; it may change, so never compare it.")


@object_type
class InputFault:
    """One value of an input that can't be accepted."""

    path: list[str] = at_most(
        MAXIMUM_STEPS,
        description=(
            'From the argument to the value, such as `["input", "interfaces", "0", "address"]`; a position in a list '
            "counts from 0. Only the argument, or nothing, if it is about the input as a whole."
        ),
    )
    message: str = strawberry.field(description="For people; it never repeats a secret.")
    code: str = strawberry.field(
        description=(
            "INVALID_INPUT, INVALID_SETTINGS, another code of the refusal that it is part of, or a plugin's: that of "
            "its check in capitals, such as MAX_LENGTH."
        )
    )


@refusal_type(errors.PermissionDenied)
class PermissionDenied(Refusal):
    """The viewer may not do this; `requiredRole` is set if a higher role would be allowed to. AVAILABILITY: a required
    plugin can't be switched off.

    Attributes:
        required_role: The lowest role that would be allowed to; null if no role would.
    """

    required_role: Role | None


@refusal_type(errors.NotFound)
class NotFound(Refusal):
    """It does not exist, or this viewer may not see it."""


@refusal_type(errors.Conflict)
class Conflict(Refusal):
    """This layer was changed in the meantime.

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


@refusal_type(errors.InvalidSettings)
class InvalidSettings(Refusal):
    """The merged settings are not valid under the plugin's schema.

    Attributes:
        issues: What is wrong, each with its place.
        customer_count: How many customers' settings a global change would break.
    """

    issues: list[SettingsIssue] = at_most(MAXIMUM_SETTINGS)
    faults: list[InputFault] = at_most(
        MAXIMUM_SETTINGS,
        description=(
            'The issues as faults of the input, like those of InvalidInput: under `["input", "settings"]`, also where '
            "an earlier revision is restored."
        ),
    )
    customers: list[str] = at_most(
        MAXIMUM_NAMED,
        description="Whose settings a global change would break: the first 20, by slug, and how many there are.",
    )
    customer_count: int


@refusal_type(errors.RevisionNotAvailable)
class RevisionNotAvailable(Refusal):
    """There never was such a revision, or it is no longer in the audit log."""


@refusal_type(errors.InvalidInput)
class InvalidInput(Refusal):
    """Well-formed, but values of the input can't be accepted; `faults` has all of them. The code is that of the first,
    or INVALID_INPUT.
    """

    field: str = strawberry.field(
        description="The field of the input with the first fault; empty for the input as a whole.",
        deprecation_reason="Use `faults`, which has all of them, with paths. Deprecated since 0.1, removed in 0.3.",
    )
    faults: list[InputFault] = at_most(MAXIMUM_FAULTS, description="All of them, the first first.")


@refusal_type(errors.DependencyRefusal)
class DependencyRefusal(Refusal):
    """These plugins prevent it.

    Attributes:
        plugins: The names of the plugins in the way.
    """

    plugins: list[str] = at_most(MAXIMUM_PLUGINS)


@refusal_type(errors.PluginUnavailable)
class PluginUnavailable(Refusal):
    """It can't run, for the reason in `status`, or is disabled globally.

    Attributes:
        status: Whether the plugin's code can run here.
    """

    status: PluginStatus


@refusal_type(errors.HookFailed)
class HookFailed(Refusal):
    """The plugin's own hook raised, and nothing was changed.

    Attributes:
        plugin_name: The plugin whose code failed.
    """

    plugin_name: str


@refusal_type(errors.RateLimited)
class RateLimited(Refusal):
    """Too many attempts.

    Attributes:
        retry_after_seconds: After how many seconds to try again.
    """

    retry_after_seconds: int


# Of the exception, and of the argument that its paths begin with; "" for none.
Details = Callable[[Any, str], Mapping[str, Any]]

# (the exception, its GraphQL type, that type's values besides code and message)
REFUSALS: tuple[tuple[type[errors.Refusal], type[Refusal], Details], ...] = (
    (errors.PermissionDenied, PermissionDenied, lambda denied, _: {"required_role": _read_role(denied.required_role)}),
    (errors.NotFound, NotFound, lambda _, __: {}),
    (errors.Conflict, Conflict, lambda conflict, _: {"current_revision": conflict.current_revision}),
    (
        errors.InvalidSettings,
        InvalidSettings,
        lambda invalid, argument: {
            "issues": [SettingsIssue(path=issue.path, message=for_viewer(issue.message)) for issue in invalid.issues],
            "faults": _settings_faults(invalid, argument),
            "customers": list(invalid.customers),
            "customer_count": invalid.customer_count,
        },
    ),
    (errors.RevisionNotAvailable, RevisionNotAvailable, lambda _, __: {}),
    (
        errors.InvalidInput,
        InvalidInput,
        lambda invalid, argument: {
            "field": to_camel_case(invalid.field),
            "faults": [
                InputFault(
                    path=_path_below(argument, map(to_camel_case, each.path)),
                    message=errors.shorten(for_viewer(each.message), errors.MAXIMUM_MESSAGE),
                    code=each.code,
                )
                for each in invalid.faults
            ],
        },
    ),
    (errors.DependencyRefusal, DependencyRefusal, lambda refusal, _: {"plugins": list(refusal.plugins)}),
    (errors.PluginUnavailable, PluginUnavailable, lambda refusal, _: {"status": PluginStatus(refusal.status)}),
    (errors.HookFailed, HookFailed, lambda failed, _: {"plugin_name": failed.plugin_name}),
    (errors.RateLimited, RateLimited, lambda limited, _: {"retry_after_seconds": limited.retry_after_seconds}),
)


def to_graphql(refusal: errors.Refusal, *, argument: str = "") -> Refusal:
    """The GraphQL value of a refusal; `argument` is the one whose fields its faults are about, if there is such."""
    error_type, details = next((shown, more) for raised, shown, more in REFUSALS if isinstance(refusal, raised))
    return error_type(code=refusal.code, message=for_viewer(refusal.message), **details(refusal, argument))


class RefusalHandler:
    """Returns a raised refusal as its GraphQL type where the field's union has it; elsewhere it stays an error."""

    def __init__(self, exception_type: type[errors.Refusal], error_type: type[Refusal]) -> None:
        self.exception_type = exception_type
        self.error_type = error_type

    def handle(self, exception: errors.Refusal, *, field: StrawberryField, **_: Any) -> Refusal:
        note_code(exception.code)
        arguments = {each.python_name for each in field.arguments}
        return to_graphql(exception, argument=INPUT if INPUT in arguments else "")


def _settings_faults(invalid: errors.InvalidSettings, argument: str) -> list[InputFault]:
    return [
        InputFault(
            path=_path_below(argument, ("settings", *split_pointer(issue.path))),
            message=for_viewer(issue.message),
            code=invalid.code,
        )
        for issue in invalid.issues
    ]


def _path_below(argument: str, steps: Iterable[str]) -> list[str]:
    return [argument, *steps] if argument else list(steps)


def _read_role(role: str | None) -> Role | None:
    return Role(role) if role else None
