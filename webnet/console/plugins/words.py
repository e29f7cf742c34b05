"""What the console calls the values of the schema's enums about plugins, and how it colours them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The kinds of `webnet/parts/status.html`.
GOOD, WARNING, PROBLEM, QUIET = "good", "warning", "problem", "quiet"

STATUSES: dict[str, tuple[str, str | Promise]] = {
    "LOADED": (GOOD, _("Loaded")),
    "FAILED": (PROBLEM, _("Failed")),
    "INCOMPATIBLE": (PROBLEM, _("Incompatible")),
    "NEEDS_MIGRATION": (WARNING, _("Needs migration")),
    "MISSING": (PROBLEM, _("Missing")),
    "PAUSED": (WARNING, _("Paused")),
}
AVAILABILITIES: dict[str, tuple[str, str | Promise]] = {
    "WITHHELD": (WARNING, _("Withheld")),
    "OFFERED": (QUIET, _("Offered")),
    "DEFAULT_ON": (QUIET, _("On by default")),
    "REQUIRED": (QUIET, _("Required")),
}
HEALTH: dict[str, tuple[str, str | Promise]] = {
    "HEALTHY": (GOOD, _("Healthy")),
    "DEGRADED": (WARNING, _("Degraded")),
    "UNHEALTHY": (PROBLEM, _("Unhealthy")),
    "UNKNOWN": (QUIET, _("Unknown")),
}
# What an availability means, for somebody who chooses one.
MEANINGS: dict[str, str | Promise] = {
    "WITHHELD": _("Customers don't see it."),
    "OFFERED": _("Off until a customer switches it on."),
    "DEFAULT_ON": _("On until a customer switches it off."),
    "REQUIRED": _("On; customers can't switch it off."),
}
EVERY_WORD = {**STATUSES, **AVAILABILITIES, **HEALTH}
# Actions of the audit log, as parts of "Enabled by ada".
ACTIONS: dict[str, str | Promise] = {
    "enable_plugin": _("Enabled"),
    "enable_customer_plugin": _("Switched on"),
    "disable_plugin": _("Disabled"),
    "disable_customer_plugin": _("Switched off"),
    "reset_customer_plugin": _("Choice reset"),
    "set_plugin_availability": _("Availability set"),
    "update_plugin_settings": _("Settings changed"),
    "revert_plugin_settings": _("Settings restored"),
    "update_customer_plugin_settings": _("Settings changed"),
    "revert_customer_plugin_settings": _("Settings restored"),
    "pause_plugin": _("Paused"),
    "resume_plugin": _("Resumed"),
    "retry_plugin": _("Retried"),
    "upgrade_plugin": _("Upgraded"),
    "set_role_permission": _("Permission changed"),
}
