"""The plugin's part of the GraphQL schema."""

from __future__ import annotations

from site_map.mutations import SiteMutations
from site_map.types import DeviceFields, Placement, Site
from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql


@graphql.type
class SiteQueries:
    sites: graphql.Connection[Site] = graphql.connection(
        permission="view", description="The customer's sites, oldest first."
    )
    site: Site | None = graphql.node(permission="view", description="A site of the customer.")


extension = GraphQLExtension(
    query=SiteQueries,
    mutation=SiteMutations,
    types=(Site, Placement),
    extends=graphql.extends(DeviceFields),
)
