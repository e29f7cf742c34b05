"""One tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from strawberry import UNSET

from webnet.api.declarations.connections import Connection, UncountedConnection, connection
from webnet.api.declarations.fields import field, row_type
from webnet.api.declarations.sizes import MAXIMUM_PERMISSIONS
from webnet.api.declarations.state_reads import StateRead
from webnet.api.paging.pages import Page, PageArguments
from webnet.api.request.context import Info
from webnet.api.resolvers import listings, navigation_and_widgets, orders, people, permission_matrix
from webnet.api.resolvers.filters import CustomerFilter
from webnet.api.types.audit_log import PluginAuditLog
from webnet.api.types.invitation import Invitation
from webnet.api.types.viewer import ApiToken, Membership
from webnet.api.values.contributions import CustomerPermission
from webnet.api.values.references import ConfigRef
from webnet.api.vocabulary.enums import InvitationStatus, Role
from webnet.api.vocabulary.node import Node, global_id
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.customers import models
from webnet.plugins.models import CustomerPluginConfig


@row_type(models.Customer, filter=CustomerFilter, order=orders.CUSTOMERS)
class Customer(Node):
    """One tenant.

    Attributes:
        slug: The name in addresses, such as `/graphql/acme/`; it is unique, and never changes.
        name: The name for people.
        is_active: Whether the customer may use webnet; no plugin is effective for one that is not active.
        created_at: When the customer was created.
    """

    slug: str
    name: str
    is_active: bool
    created_at: datetime

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def id(root: strawberry.Parent[models.Customer]) -> strawberry.ID:
        """The global id."""
        return global_id("Customer", root.slug)

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def updated_at(root: strawberry.Parent[models.Customer]) -> datetime:
        """The last change of the customer itself, such as its name; not of its members or plugins."""
        return root.updated_at or root.created_at

    @field(graphql_type=Role, reads=StateRead.ANYWHERE)
    @staticmethod
    def viewer_role(root: strawberry.Parent[models.Customer], info: Info) -> Role | None:
        """The viewer's role for this customer; ADMIN for a platform operator."""
        return info.context.reading.role_in(root)

    @field(maximum=MAXIMUM_PERMISSIONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def viewer_permissions(root: strawberry.Parent[models.Customer], info: Info) -> list[str]:
        """Codenames of what the viewer may do here with the plugins that are effective."""
        return navigation_and_widgets.permissions(info.context.reading, root)

    @field(maximum=MAXIMUM_PERMISSIONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def permissions(
        root: strawberry.Parent[models.Customer], info: Info, search: str | None = UNSET
    ) -> list[CustomerPermission] | None:
        """Every permission of the plugins that the viewer may see, and who has it; null for the role VIEWER.

        Args:
            search: A part of the codename, the description or the plugin's verbose name, in upper or lower case.
        """
        return permission_matrix.permissions_of(info.context.reading, root, search=search or "")

    @connection(Connection[ConfigRef], reads=StateRead.ANYWHERE)
    @staticmethod
    def plugin_configs(
        root: strawberry.Parent[models.Customer],
        info: Info,
        arguments: PageArguments,
        *,
        effective: bool | None = UNSET,
    ) -> Page[CustomerPluginConfig]:
        """One config for each plugin that the viewer may see, by the plugin's name.

        Args:
            effective: True for the effective ones only, false for the others only, null for all.
        """
        return listings.configs_of_customer(info, root, arguments, effective=effective)

    @connection(UncountedConnection[PluginAuditLog] | None)
    @staticmethod
    def audit_logs(
        root: strawberry.Parent[models.Customer], info: Info, arguments: PageArguments
    ) -> Page[AuditRow] | None:
        """The customer's rows of the audit log, newest first; null for the role VIEWER."""
        return listings.audit_logs_of_customer(info, root, arguments)

    @connection(Connection[Membership] | None)
    @staticmethod
    def members(
        root: strawberry.Parent[models.Customer],
        info: Info,
        arguments: PageArguments,
        *,
        search: str | None = UNSET,
        username: str | None = UNSET,
        role: Role | None = UNSET,
    ) -> Page[models.Membership] | None:
        """By username; null for viewers who are not admins of the customer.

        Args:
            search: A part of the username, the name or the email address, in upper or lower case.
            username: Only the member with this username.
            role: Only members with this role.
        """
        wanted = people.WantedMembers(search=search or "", username=username or "", role=role or None)
        return people.members_of(info, root, arguments, wanted)

    @connection(UncountedConnection[Invitation] | None)
    @staticmethod
    def invitations(
        root: strawberry.Parent[models.Customer],
        info: Info,
        arguments: PageArguments,
        *,
        status: list[InvitationStatus] | None = UNSET,
    ) -> Page[models.Invitation] | None:
        """Newest first, also those that have ended; null for viewers who are not admins of the customer.

        Args:
            status: Only those with one of these; null for all.
        """
        return listings.invitations_of_customer(info, root, arguments, statuses=status)

    @connection(UncountedConnection[ApiToken] | None)
    @staticmethod
    def api_tokens(
        root: strawberry.Parent[models.Customer], info: Info, arguments: PageArguments
    ) -> Page[models.ApiToken] | None:
        """The tokens of anybody that are valid for this customer alone, newest first, also those that have ended; null
        for viewers who are not admins of the customer.
        """
        return people.tokens_of_customer(info, root, arguments)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.Customer]:
        return info.context.reading.find_customers(keys)
