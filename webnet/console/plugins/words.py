"""How the console colours the values of the schema's enums about plugins, and what it calls the log's actions."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The kinds of `webnet/parts/status.html`.
GOOD, WARNING, PROBLEM, QUIET = "good", "warning", "problem", "quiet"

STATUSES = {
    "LOADED": GOOD,
    "FAILED": PROBLEM,
    "INCOMPATIBLE": PROBLEM,
    "NEEDS_MIGRATION": WARNING,
    "MISSING": PROBLEM,
    "PAUSED": WARNING,
}
AVAILABILITIES = {"WITHHELD": WARNING, "OFFERED": QUIET, "DEFAULT_ON": QUIET, "REQUIRED": QUIET}
HEALTH = {"HEALTHY": GOOD, "DEGRADED": WARNING, "UNHEALTHY": PROBLEM, "UNKNOWN": QUIET}
KINDS = {**STATUSES, **AVAILABILITIES, **HEALTH}
# What an availability means, for somebody who chooses one.
MEANINGS: dict[str, str | Promise] = {
    "WITHHELD": _("Customers don't see it."),
    "OFFERED": _("Off until a customer switches it on."),
    "DEFAULT_ON": _("On until a customer switches it off."),
    "REQUIRED": _("On; customers can't switch it off."),
}
# Actions of the audit log, before the name of who did it.
ACTIONS: dict[str, str | Promise] = {
    "enable_plugin": _("Enabled:"),
    "enable_customer_plugin": _("Switched on:"),
    "disable_plugin": _("Disabled:"),
    "disable_customer_plugin": _("Switched off:"),
    "reset_customer_plugin": _("Choice forgotten:"),
    "set_plugin_availability": _("Availability set:"),
    "update_plugin_settings": _("Settings changed:"),
    "revert_plugin_settings": _("Settings restored:"),
    "update_customer_plugin_settings": _("Settings changed:"),
    "revert_customer_plugin_settings": _("Settings restored:"),
    "pause_plugin": _("Paused:"),
    "resume_plugin": _("Resumed:"),
    "retry_plugin": _("Tried again:"),
    "upgrade_plugin": _("Upgraded:"),
    "set_role_permission": _("Permission changed:"),
}
