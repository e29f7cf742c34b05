"""The refusals that plugins can raise; in GraphQL they become members of a mutation's result union."""

from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from webnet.errors import (
    Conflict,
    CustomerRequired,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PluginDefinitionError,
    RateLimited,
    Refusal,
    WebnetError,
)

__all__ = [
    "Conflict",
    "CustomerRequired",
    "InvalidInput",
    "NotFound",
    "PermissionDenied",
    "PluginDefinitionError",
    "RateLimited",
    "Refusal",
    "WebnetError",
    "refuse_invalid",
]


def refuse_invalid(error: ValidationError) -> InvalidInput:
    """The refusal for an error of a model's `full_clean()`: its first field, with all messages about it."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    field, messages = next(iter(by_field.items()))
    return InvalidInput(" ".join(messages), field="" if field == NON_FIELD_ERRORS else field)
