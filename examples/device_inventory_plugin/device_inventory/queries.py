"""Queries of devices."""

from __future__ import annotations

from device_inventory import models
from device_inventory.types import Device
from webnet.sdk import graphql


@graphql.type
class DeviceQueries:
    devices: graphql.Connection[Device] = graphql.connection(
        permission="view", description="The customer's devices, oldest first by default."
    )
    device: Device | None = graphql.node(permission="view", description="A device of the customer.")


@graphql.extend(graphql.Customer)
class CustomerFields:
    device_count: int = graphql.count(
        models.Device, description="The number of devices; 0 where the plugin is not effective."
    )
