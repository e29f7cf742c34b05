"""What each root field, each subscription and each node type is for whom; the tests beside it ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Everybody in rising order, and the admin of another customer.
RANKS = ("signed out", "viewer", "operator", "admin", "platform")
PEOPLE = (*RANKS, "stranger")
# The customers that are named, or have the rows that are named: the people's own, another one, and none.
OWN, FOREIGN, MISSING = TARGETS = ("acme", "globex", "absent")
# As the view of a field: each of those customers'.
EACH = "{customer}"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a root field answers to whom.

    `given` are arguments, or fields of the input, in which `{customer}` stands for a slug, `{user}` for a member's
    name, `{problem}` for a key, `{cursor}` for the beginning of the log, and `{Device}` for the id of a row; whatever
    else is required are samples. From `lowest` on, people get `own`, others get `too_low`. For what isn't theirs they
    get `hidden`, unless the role is looked at first.
    """

    lowest: str = "viewer"
    given: dict[str, Any] = field(default_factory=dict)
    own: str = "ok"
    too_low: str = "ROLE_TOO_LOW"
    hidden: str = "CUSTOMER_NOT_FOUND"
    signed_out: str = "UNAUTHENTICATED"
    is_role_first: bool = False
    view: str | None = None
    selection: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The customers to try: one where none is named."""
        return TARGETS if self.view == EACH or "'{" in str(self.given) else (OWN,)

    def view_of(self, target: str) -> str | None:
        """The view in which to ask."""
        return target if self.view == EACH else self.view

    def expect(self, who: str, target: str) -> str:
        """The outcome for this person."""
        if who == "signed out":
            return self.signed_out
        if self.view == OWN and who == "stranger":
            return "CUSTOMER_NOT_FOUND"
        is_low = RANKS.index("admin" if who == "stranger" else who) < RANKS.index(self.lowest)
        if is_low and self.is_role_first:
            return self.too_low
        if len(self.targets) > 1 and target not in theirs(who, self.view):
            return self.hidden
        return self.too_low if is_low else self.own


def theirs(who: str, view: str | None) -> tuple[str, ...]:
    """The customers whose rows the person sees in the view."""
    if who == "platform" and view != OWN:
        return OWN, FOREIGN
    return (FOREIGN,) if who == "stranger" else (OWN,)


def write(lowest: str, **options: Any) -> Access:
    """A mutation of webnet's own."""
    return Access(lowest=lowest, **{"signed_out": "NOT_SIGNED_IN"} | options)


def of_plugin(lowest: str = "viewer", **options: Any) -> Access:
    """A field of a plugin, whose schema is for those who are signed in."""
    fixed = {"signed_out": "GRAPHQL_VALIDATION_FAILED", "view": OWN, "is_role_first": True}
    return Access(lowest=lowest, **fixed | {"too_low": "PERMISSION_MISSING", "hidden": "ROW_NOT_FOUND"} | options)


def of_platform(**options: Any) -> Access:
    """A mutation for operators of the platform only, who are the only ones to learn what there is."""
    return write("platform", **{"too_low": "OPERATORS_ONLY", "is_role_first": True} | options)


PLAN = "{ customer { id } affectedCustomerCount steps { action } refusal { code message } }"
SETTINGS_PLAN = "{ customer { id } currentRevision changes { path } refusal { code message } }"
CUSTOMER = {"customer": "{customer}"}
CONFIG = CUSTOMER | {"plugin": "shelf"}
PLUGIN = {"plugin": "shelf"}
OUTCOMES = "... on SetPluginForCustomersPayload { outcomes { refusal { code message } } }"
ROOTS = {
    "viewer": Access(signed_out="null"),
    "currentCustomer": Access(view=OWN),
    "node": Access(given={"id": "{Shelf}"}, hidden="null"),
    "nodes": Access(given={"ids": ["{Shelf}"]}, hidden="null"),
    "customer": Access(given={"slug": "{customer}"}, hidden="null"),
    "customers": Access(given={"filter": {"slug": ["{customer}"]}}, hidden="empty"),
    "users": Access(lowest="platform", too_low="null"),
    "plugin": Access(given={"name": "shelf"}),
    "plugins": Access(),
    "customerPluginConfig": Access(given=CONFIG, hidden="null"),
    "customerPluginConfigs": Access(given={"filter": {"customer": ["{customer}"]}}, hidden="empty"),
    "pluginAuditLogs": Access(
        lowest="operator", given={"filter": {"customer": ["{customer}"]}}, too_low="empty", hidden="empty"
    ),
    "pluginPlan": Access(lowest="operator", given=CONFIG, selection=PLAN),
    "pluginSettingsPlan": Access(lowest="operator", given=CONFIG | {"settings": {}}, selection=SETTINGS_PLAN),
    "pluginSettingsRevertPlan": Access(lowest="operator", given=CONFIG | {"revision": 0}, selection=SETTINGS_PLAN),
    "problems": Access(lowest="operator", too_low="empty"),
    "workers": Access(lowest="platform", own="empty", too_low="null"),
    "keys": Access(lowest="platform", too_low="null"),
    "auditVerification": Access(lowest="operator", given=CUSTOMER, too_low="null", hidden="null"),
    "navigationItems": Access(view=OWN),
    "effectivePlugins": Access(view=OWN),
    "dashboardWidgets": Access(view=OWN),
    "signIn": write("viewer", own="BAD_CREDENTIALS", signed_out="BAD_CREDENTIALS"),
    "signOut": write("viewer", signed_out="ok"),
    "changePassword": write("viewer", own="SESSION_REQUIRED"),
    "createApiToken": write("viewer", given={"onlyCustomer": "{customer}"}),
    # Everybody revokes their own tokens; this one is another member's, and valid for the customer alone.
    "revokeApiToken": write("admin", given={"id": "{ApiToken}"}, too_low="TOKEN_NOT_FOUND", hidden="TOKEN_NOT_FOUND"),
    "createCustomer": of_platform(given={"slug": "new"}),
    "updateCustomer": of_platform(given=CUSTOMER, is_role_first=False),
    "createUser": of_platform(given={"username": "new"}),
    "updateUser": of_platform(given={"username": "{user}"}, hidden="USER_NOT_FOUND"),
    "setMember": write("admin", given=CUSTOMER | {"username": "{user}"}),
    "removeMember": write("admin", given=CUSTOMER | {"username": "{user}"}),
    "inviteMember": write("admin", given=CUSTOMER | {"username": "{user}"}, own="ALREADY_MEMBER"),
    "acceptInvitation": write("viewer", own="SESSION_REQUIRED"),
    "revokeInvitation": write("admin", given=CUSTOMER | {"id": "{Invitation}"}),
    "setDefaultCustomer": write("viewer", given=CUSTOMER, own="SESSION_REQUIRED"),
    "enablePlugin": of_platform(given=PLUGIN),
    "disablePlugin": of_platform(given=PLUGIN, own="DEPENDENTS_ENABLED"),
    "setPluginAvailability": of_platform(given=CONFIG),
    "updatePluginSettings": of_platform(given=PLUGIN),
    "revertPluginSettings": of_platform(given=PLUGIN, own="REVISION_NOT_AVAILABLE"),
    "syncPlugins": of_platform(),
    "resumePlugin": write("operator", given=CONFIG),
    "checkPluginHealth": write("operator", given=CONFIG),
    "enableCustomerPlugin": write("operator", given=CONFIG),
    "disableCustomerPlugin": write("operator", given=CONFIG, own="DEPENDENTS_ENABLED"),
    "resetCustomerPlugin": write("operator", given=CONFIG, own="DEPENDENTS_ENABLED"),
    "setPluginForCustomers": write(
        "operator",
        given=PLUGIN | {"customers": ["{customer}"]},
        selection=f"{{ __typename ... on Refusal {{ code message }} {OUTCOMES} }}",
    ),
    "updateCustomerPluginSettings": write("operator", given=CONFIG),
    "revertCustomerPluginSettings": write("operator", given=CONFIG, own="REVISION_NOT_AVAILABLE"),
    "setRolePermission": write("admin", given=CUSTOMER | {"permission": "shelf.arrange"}),
    "acknowledgeProblem": write("operator", given=CUSTOMER | {"key": "{problem}"}),
    "devices": of_plugin(),
    "device": of_plugin(given={"id": "{Device}"}, hidden="null"),
    "sites": of_plugin(),
    "site": of_plugin(given={"id": "{Site}"}, hidden="null"),
    "shelves": of_plugin(),
    "allShelves": of_plugin(),
    "books": of_plugin(given={"filter": {"shelf": "{Shelf}"}}, hidden="empty"),
    "auditedBooks": of_plugin("admin"),
    "shelf": of_plugin(given={"id": "{Shelf}"}, hidden="null"),
    "findShelf": of_plugin(),
    "named": of_plugin(),
    "thickBooks": of_plugin(own="empty"),
    "shelfFacts": of_plugin(),
    "firstBook": of_plugin(),
    "labelCount": of_plugin(),
    "gauges": of_plugin(),
    "gauge": of_plugin(given={"id": "{Gauge}"}, hidden="null"),
    "gaugeByKey": of_plugin(given={"key": "00000000-0000-4000-8000-000000000000"}, own="BAD_USER_INPUT"),
    "gaugesFrom": of_plugin(own="empty"),
    "echo": of_plugin(),
    "broken": of_plugin(own="PLUGIN_FAILED"),
    "stuck": of_plugin(own="PLUGIN_FAILED"),
    "createDevice": of_plugin("operator"),
    "updateDevice": of_plugin("operator", given={"id": "{Device}"}),
    # Whatever is deleted is gone afterwards; `changed` is false then.
    "deleteDevice": of_plugin("operator", given={"id": "{Device}"}, hidden="ok"),
    "importDevices": of_plugin("operator"),
    "setSite": of_plugin("operator"),
    "deleteSite": of_plugin("operator", given={"id": "{Site}"}, hidden="ok"),
    "placeDevice": of_plugin("operator", given={"device": "{Device}", "site": "{Site}"}),
    "checkReachability": of_plugin("operator", given={"devices": ["{Device}"]}),
    "addShelf": of_plugin("operator", too_low="ROLE_TOO_LOW"),
    "moveBook": of_plugin("operator", given={"book": "{Book}", "shelf": "{Shelf}"}),
    "addGauge": of_plugin("operator", too_low="ROLE_TOO_LOW"),
}
# The same fields where they name no customer, so that they are about the platform.
PLATFORM_WIDE = {
    "auditVerification": Access(lowest="platform", too_low="null"),
    "pluginPlan": Access(lowest="platform", given=PLUGIN, too_low="OPERATORS_ONLY", selection=PLAN),
    "pluginSettingsPlan": Access(
        lowest="platform", given=PLUGIN | {"settings": {}}, too_low="OPERATORS_ONLY", selection=SETTINGS_PLAN
    ),
    "pluginSettingsRevertPlan": Access(
        lowest="platform", given=PLUGIN | {"revision": 0}, too_low="OPERATORS_ONLY", selection=SETTINGS_PLAN
    ),
    "setPluginAvailability": of_platform(given=PLUGIN),
    "resumePlugin": of_platform(given=PLUGIN),
    "checkPluginHealth": of_platform(given=PLUGIN),
    "acknowledgeProblem": of_platform(given={"key": "unhealthy:hello_world"}),
}
# The first answer of each subscription: in the view of each customer, and where it names something of theirs.
STREAMS = {
    "pluginEvents": (
        Access(lowest="operator", given={"after": "{cursor}"}, too_low="empty", view=EACH),
        Access(
            lowest="operator",
            given={"after": "{cursor}", "filter": {"customer": ["{customer}"]}},
            too_low="empty",
            hidden="empty",
        ),
    ),
    "reachability": (
        of_plugin("operator", view=EACH, is_role_first=False, hidden="CUSTOMER_NOT_FOUND"),
        of_plugin("operator", given={"devices": ["{Device}"]}),
    ),
    "shelfNames": (of_plugin("operator", view=EACH, is_role_first=False, hidden="CUSTOMER_NOT_FOUND"),),
}
# Who may fetch a row of their customer by its id, at least.
NODES = {
    "Device": "viewer",
    "Interface": "viewer",
    "Site": "viewer",
    "Placement": "viewer",
    "Reachability": "viewer",
    "Shelf": "viewer",
    "Book": "viewer",
    "Gauge": "viewer",
    "Customer": "viewer",
    "CustomerPluginConfig": "viewer",
    "CustomerPermission": "operator",
    "PluginAuditLog": "operator",
    "PluginHealth": "viewer",
    "SettingsChange": "operator",
    "User": "operator",
    "Membership": "admin",
    "Invitation": "admin",
    "ApiToken": "admin",  # this one, which is valid for the customer alone; nobody sees others of others
}
