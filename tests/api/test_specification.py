"""The schema has what its specification has: names, types, arguments and defaults; everything in it is described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import DefinitionNode, parse, print_ast

from webnet.api.engine.descriptions import list_elements
from webnet.api.visibility import visible_schema

SPECIFICATION = Path(__file__).with_name("specification.graphql")

# What the schema has beside the specification, in which more fields and types are welcome.
ADDED = {
    "AcknowledgeProblemInput",
    "AcknowledgeProblemPayload",
    "AcknowledgeProblemResult",
    "AcceptInvitationInput",
    "AcceptInvitationPayload",
    "AcceptInvitationResult",
    "ChangedSetting",
    "ApiTokenConnection.nodes",
    "CustomerConnection.nodes",
    "CustomerFilter.withProblemOf",
    "CustomerPluginConfigConnection.nodes",
    "MembershipConnection.nodes",
    "PluginAuditLogConnection.nodes",
    "PluginConnection.nodes",
    "ApiToken.isUsable",
    "ApiToken.user",
    "ChangePasswordInput",
    "CheckPluginHealthInput.reason",
    "ChangePasswordPayload",
    "ChangePasswordResult",
    "Customer.apiTokens",
    "Mutation.changePassword",
    "Mutation.updateUser",
    "UpdateUserInput",
    "UpdateUserPayload",
    "UpdateUserResult",
    "Query.users",
    "RevokeApiTokenInput.reason",
    "User.isActive",
    "User.isPlatformOperator",
    "User.lastSignInAt",
    "User.memberships",
    "UserConnection",
    "UserEdge",
    "UserFilter",
    "UserOrder",
    "UserOrderField",
    "Customer.invitations",
    "Customer.members(role)",
    "Customer.members(search)",
    "Customer.members(username)",
    "Customer.createdAt",
    "EnablePluginInput.onlyPlugins",
    "DisablePluginInput.onlyPlugins",
    "EnableCustomerPluginInput.onlyPlugins",
    "DisableCustomerPluginInput.onlyPlugins",
    "ResetCustomerPluginInput.onlyPlugins",
    "Customer.permissions",
    "Customer.updatedAt",
    "CustomerPluginConfig.createdAt",
    "DashboardWidget.id",
    "NavigationItem.id",
    "PluginHealth.id",
    "RemoveMemberPayload.removedMembershipId",
    "SignOutPayload.signedOutUserId",
    "CustomerPermission",
    "Customer.pluginConfigs(filter)",
    "CustomerPluginConfig.healthHistory",
    "CustomerPluginConfig.lastChange",
    "CustomerPluginConfigFilter.search",
    "CustomerPluginConfig.inheritedSettings",
    "CustomerPluginConfig.settingsHistory",
    "EffectivePlugin",
    "ExternalHost",
    "InvalidSettings.customerCount",
    "InvalidSettings.customers",
    "Mutation.acknowledgeProblem",
    "Limits",
    "Invitation",
    "InvitationStatus",
    "InvitationConnection",
    "InvitationEdge",
    "InviteMemberInput",
    "InviteMemberPayload",
    "InviteMemberResult",
    "Mutation.acceptInvitation",
    "Mutation.inviteMember",
    "Mutation.revertCustomerPluginSettings",
    "Mutation.revertPluginSettings",
    "Mutation.revokeInvitation",
    "Mutation.setDefaultCustomer",
    "Mutation.setRolePermission",
    "Plugin.createdAt",
    "Plugin.dependencyGraph",
    "Plugin.healthHistory",
    "Plugin.lastChange",
    "PluginPlan.addedFields",
    "PluginPlan.addedTypes",
    "PluginPlan.affectedCustomers",
    "PluginPlan.removedFields",
    "PluginPlan.removedTypes",
    "Query.pluginPlan(availability)",
    "Plugin.inheritedSettings",
    "Plugin.platformOnlySettings",
    "Plugin.settingsHistory",
    "Plugin.statusTraceback",
    "Plugin.updatedAt",
    "Plugin.upgradeNotes",
    "PluginAuditLogFilter.search",
    "PluginContributions.externalHosts",
    "PluginContributions.fields",
    "PluginContributions.tables",
    "PluginDependencyLink",
    "PluginHealthConnection",
    "PluginSettingsPlan",
    "PluginTable",
    "Problem",
    "ProblemKind",
    "ProblemSeverity",
    "AuditCheckpoint",
    "AuditVerification",
    "Key",
    "KeyPurpose",
    "KeyState",
    "VerificationStatus",
    "Worker",
    "OutdatedPlugin",
    "Query.auditVerification",
    "Query.keys",
    "Query.workers",
    "Query.effectivePlugins",
    "Query.nodes",
    "Query.pluginSettingsPlan",
    "Query.pluginSettingsRevertPlan",
    "Query.problems",
    "PluginHealthEdge",
    "RevertCustomerPluginSettingsInput",
    "RevertCustomerPluginSettingsPayload",
    "RevertCustomerPluginSettingsResult",
    "RevertPluginSettingsInput",
    "RevertPluginSettingsPayload",
    "RevertPluginSettingsResult",
    "RevisionNotAvailable",
    "RevokeInvitationInput",
    "RevokeInvitationPayload",
    "RevokeInvitationResult",
    "RoleGrant",
    "SetDefaultCustomerInput",
    "SetDefaultCustomerPayload",
    "SetDefaultCustomerResult",
    "SetRolePermissionInput",
    "SetRolePermissionPayload",
    "SetRolePermissionResult",
    "SettingsChange",
    "SettingsChangeConnection",
    "SettingsChangeEdge",
    "TypeKind",
    "UpdatePluginSettingsInput.allowInvalid",
    "UpgradeNote",
    "User.createdAt",
    "User.updatedAt",
    "Viewer.limits",
    "Viewer.defaultCustomer",
}


def describe(sdl: str) -> dict[str, Any]:
    """Every element by its path, and what it is."""
    elements: dict[str, Any] = {}
    for definition in parse(sdl).definitions:
        elements.update(describe_definition(definition))
    return elements


def describe_definition(definition: DefinitionNode) -> dict[str, Any]:
    name = definition.name.value
    interfaces = sorted(each.name.value for each in getattr(definition, "interfaces", None) or ())
    members = sorted(each.name.value for each in getattr(definition, "types", None) or ())
    values = [each.name.value for each in getattr(definition, "values", None) or ()]
    locations = sorted(each.value for each in getattr(definition, "locations", None) or ())
    directives = sorted(print_ast(each) for each in getattr(definition, "directives", None) or ())
    shape = (definition.kind, interfaces, members, values, locations, directives)
    elements: dict[str, Any] = {name: shape}
    for field in getattr(definition, "fields", None) or ():
        elements[f"{name}.{field.name.value}"] = describe_value(field)
        for argument in getattr(field, "arguments", None) or ():
            elements[f"{name}.{field.name.value}({argument.name.value})"] = describe_value(argument)
    for argument in getattr(definition, "arguments", None) or ():
        elements[f"{name}({argument.name.value})"] = describe_value(argument)
    return elements


def describe_value(node: Any) -> tuple[str, str | None]:
    default = getattr(node, "default_value", None)
    return print_ast(node.type), print_ast(default) if default else None


def is_in(named: set[str], path: str) -> bool:
    """Whether this element, or one that it is a part of, is named."""
    return any(path == each or path.startswith((f"{each}.", f"{each}(")) for each in named)


SPECIFIED = describe(SPECIFICATION.read_text())
BUILT = describe(visible_schema(None).export())


@pytest.mark.parametrize("path", sorted(SPECIFIED))
def test_schema_has_what_is_specified(path: str) -> None:
    assert BUILT.get(path) == SPECIFIED[path]


def test_schema_has_nothing_else() -> None:
    assert sorted(path for path in set(BUILT) - set(SPECIFIED) if not is_in(ADDED, path)) == []


def test_what_was_added_is_there_and_not_specified() -> None:
    assert set(BUILT) >= ADDED
    assert not ADDED & set(SPECIFIED)


def test_every_element_is_described_by_a_sentence() -> None:
    elements = {element.place: element.part.description for element in list_elements(visible_schema(None).graphql)}

    assert [place for place, text in elements.items() if not text] == []
    assert [place for place, text in elements.items() if not text.endswith((".", "this connection"))] == []
