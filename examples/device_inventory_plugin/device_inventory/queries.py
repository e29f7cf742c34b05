"""What can be asked about devices."""

from __future__ import annotations

from device_inventory import models
from device_inventory.types import Device
from webnet.sdk import graphql


@graphql.type
class DeviceQueries:
    devices: graphql.Connection[Device] = graphql.connection(
        permission="view", description="The customer's devices, by age unless ordered otherwise."
    )
    device: Device | None = graphql.node(permission="view", description="One of the customer's devices.")


@graphql.extend(graphql.Customer)
class CustomerFields:
    device_count: int = graphql.count(models.Device, description="0 where the plugin is not effective.")
