"""The refusals that plugins can raise; in GraphQL they become members of a mutation's result union."""

from __future__ import annotations

from webnet.errors import (
    Conflict,
    CustomerRequired,
    InputFault,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PluginDefinitionError,
    RateLimited,
    Refusal,
    WebnetError,
)
from webnet.input_faults import InputFaults, refuse_invalid

__all__ = [
    "Conflict",
    "CustomerRequired",
    "InputFault",
    "InputFaults",
    "InvalidInput",
    "NotFound",
    "PermissionDenied",
    "PluginDefinitionError",
    "RateLimited",
    "Refusal",
    "WebnetError",
    "refuse_invalid",
]
