"""The enums of the schema: those of the models, as they stand, and those of the API itself."""

from __future__ import annotations

from enum import Enum

import strawberry

from webnet.audit.models import AuditOutcome
from webnet.customers.roles import Role
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.models import Availability, HealthStatus, PluginStatus

__all__ = [
    "AuditOutcome",
    "Availability",
    "HealthStatus",
    "IneffectiveCode",
    "OrderDirection",
    "PlanAction",
    "PluginStatus",
    "Role",
    "SettingLayer",
]

strawberry.enum(Role, description="What a member may do for a customer; each role includes the ones before it.")
strawberry.enum(PluginStatus, description="Whether the plugin's code can run here.")
strawberry.enum(
    Availability,
    description=(
        "What the operator lets customers do: it does not exist for them; off until they switch it on; "
        "on until they switch it off; on."
    ),
)
strawberry.enum(HealthStatus, description="What a health check found; UNKNOWN when it gave no usable answer.")
strawberry.enum(AuditOutcome, description="How an operation ended.")
strawberry.enum(
    PlanAction, description="RESET forgets a customer's choice, so that the availability alone decides again."
)
strawberry.enum(IneffectiveCode, description="Why a plugin is not effective for a customer, for programs.")


@strawberry.enum(description="The layer that a setting's value comes from.")
class SettingLayer(Enum):
    SCHEMA_DEFAULT = "schema_default"
    GLOBAL = "global"
    CUSTOMER = "customer"


@strawberry.enum(description="Which way an order runs.")
class OrderDirection(Enum):
    ASC = "asc"
    DESC = "desc"
