"""The plugin's part of the GraphQL schema."""

from device_inventory.mutations import DeviceMutations
from device_inventory.queries import CustomerFields, DeviceQueries
from device_inventory.types import Device, Interface
from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql

extension = GraphQLExtension(
    query=DeviceQueries,
    mutation=DeviceMutations,
    types=(Device, Interface),
    extends=graphql.extends(CustomerFields),
)
