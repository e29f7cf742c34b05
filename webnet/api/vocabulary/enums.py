"""The enums of the schema: those of the models, as they stand, and those of the API itself."""

from __future__ import annotations

from enum import Enum

import strawberry

from webnet.accounts.invitations import InvitationStatus
from webnet.audit.models import AuditOutcome
from webnet.audit.verification_state import VerificationStatus
from webnet.customers.models import Role
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.health.keys import KeyPurpose, KeyState
from webnet.plugins.health.problems import ProblemKind, ProblemSeverity
from webnet.plugins.models import Availability, HealthStatus, PluginStatus

__all__ = [
    "AuditOutcome",
    "Availability",
    "HealthStatus",
    "IneffectiveCode",
    "InvitationStatus",
    "KeyPurpose",
    "KeyState",
    "OrderDirection",
    "PlanAction",
    "PluginStatus",
    "ProblemKind",
    "ProblemSeverity",
    "Role",
    "SettingLayer",
    "TypeKind",
    "VerificationStatus",
]

strawberry.enum(Role, description="What a member may do for a customer; each role includes the previous ones.")
strawberry.enum(PluginStatus, description="Whether the plugin's code can run here.")
strawberry.enum(
    Availability,
    description=(
        "What the operator lets customers do: WITHHELD hides the plugin, OFFERED lets them enable it, "
        "DEFAULT_ON lets them disable it, and REQUIRED leaves it enabled."
    ),
)
strawberry.enum(ProblemSeverity, description="ERROR: something does not work for somebody. WARNING: it still works.")
strawberry.enum(KeyPurpose, description="What a key of the server is for.")
strawberry.enum(KeyState, description="Whether a key of the server is in use.")
strawberry.enum(VerificationStatus, description="What is known about the rows of the audit log, by its checkpoints.")
strawberry.enum(ProblemKind, description="What kind of problem it is, so that a client can offer what mends it.")
strawberry.enum(HealthStatus, description="The result of a health check; UNKNOWN if it did not return a valid one.")
strawberry.enum(AuditOutcome, description="How an operation ended.")
strawberry.enum(InvitationStatus, description="What has become of an invitation.")
strawberry.enum(PlanAction, description="RESET removes a customer's choice, so that the availability decides again.")
strawberry.enum(IneffectiveCode, description="Why a plugin is not effective for a customer, as a code for programs.")


@strawberry.enum(description="The layer that the value of a setting comes from.")
class SettingLayer(Enum):
    """What a layer is called.

    Attributes:
        SCHEMA_DEFAULT: The default in the plugin's schema.
        GLOBAL: The operator's settings for everybody.
        CUSTOMER: The customer's own settings.
    """

    SCHEMA_DEFAULT = "schema_default"
    GLOBAL = "global"
    CUSTOMER = "customer"


@strawberry.enum(description="The direction of an order.")
class OrderDirection(Enum):
    """Which end of an order comes first.

    Attributes:
        ASC: The lowest first.
        DESC: The highest first.
    """

    ASC = "asc"
    DESC = "desc"


@strawberry.enum(description="The kind of a type of the schema, as introspection calls it.")
class TypeKind(Enum):
    """What a type of the schema is.

    Attributes:
        SCALAR: A value without fields, such as a date.
        OBJECT: An object with fields.
        INTERFACE: Fields that several objects have.
        UNION: One of several objects.
        ENUM: One of a few names.
        INPUT_OBJECT: An object that clients send.
    """

    SCALAR = "scalar"
    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT_OBJECT = "input_object"
