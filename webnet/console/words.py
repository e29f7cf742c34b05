"""The enum values of the schema as words, in the viewer's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    # Role
    "VIEWER": _("viewer"),
    "OPERATOR": _("operator"),
    "ADMIN": _("admin"),
    # PluginStatus
    "LOADED": _("loaded"),
    "FAILED": _("failed"),
    "INCOMPATIBLE": _("incompatible"),
    "NEEDS_MIGRATION": _("needs migration"),
    "MISSING": _("missing"),
    "PAUSED": _("paused"),
    # Availability
    "WITHHELD": _("withheld"),
    "OFFERED": _("offered"),
    "DEFAULT_ON": _("on by default"),
    "REQUIRED": _("required"),
    # HealthStatus
    "HEALTHY": _("healthy"),
    "DEGRADED": _("degraded"),
    "UNHEALTHY": _("unhealthy"),
    "UNKNOWN": _("unknown"),
    # AuditOutcome; FAILED is above.
    "SUCCEEDED": _("succeeded"),
    "REFUSED": _("refused"),
    # InvitationStatus
    "OPEN": _("open"),
    "ACCEPTED": _("accepted"),
    "REVOKED": _("revoked"),
    "EXPIRED": _("expired"),
    # ProblemSeverity
    "ERROR": _("error"),
    "WARNING": _("warning"),
    # VerificationStatus
    "VERIFIED": _("verified"),
    "PENDING": _("not verified yet"),
    "OVERDUE": _("verification overdue"),
    "INVALID": _("fault found"),
    # KeyPurpose
    "SETTINGS": _("secrets in settings"),
    "CHECKPOINTS": _("checkpoints of the audit log"),
    "SESSIONS": _("sessions, cursors and ids"),
    # KeyState; MISSING is above.
    "CURRENT": _("current"),
    "FORMER": _("former"),
    # PlanAction
    "ENABLE": _("enable"),
    "DISABLE": _("disable"),
    "RESET": _("reset"),
    "SET_AVAILABILITY": _("set the availability"),
    # SettingLayer
    "SCHEMA_DEFAULT": _("default"),
    "GLOBAL": _("for everybody"),
    "CUSTOMER": _("customer"),
    # IneffectiveCode
    "NOT_RUNNABLE": _("not runnable"),
    "DISABLED_GLOBALLY": _("disabled for everybody"),
    "NOT_SWITCHED_ON": _("not switched on"),
    "SWITCHED_OFF": _("switched off"),
    "DEPENDENCY_NOT_EFFECTIVE": _("needs a plugin that is not effective"),
    "INVALID_SETTINGS": _("invalid settings"),
    "CUSTOMER_INACTIVE": _("customer not active"),
}


def find_word(value: str) -> str:
    """The word for an enum value; a value that has none, such as a plugin's own, as a phrase in lower case."""
    known = WORDS.get(value.upper())
    return str(known) if known is not None else value.replace("_", " ").lower()
