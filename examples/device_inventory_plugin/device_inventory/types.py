"""What GraphQL shows of devices: scoped to the customer by the SDK, wherever it appears."""

from __future__ import annotations

from device_inventory import models
from webnet.sdk import graphql

DeviceStatus = graphql.enum(models.DeviceStatus)


@graphql.filter
class DeviceFilter:
    """`search` is a case-insensitive part of name or host."""

    name: list[str] | None
    status: list[DeviceStatus] | None
    search: str | None = graphql.lookup("name__icontains", "host__icontains")


@graphql.type(models.Interface)
class Interface(graphql.Node):
    """An interface of a device."""

    device: Device
    name: str
    address: str | None


@graphql.type(models.Device, filter=DeviceFilter, order=["name", "status"])
class Device(graphql.Node):
    """A device of the customer."""

    name: str
    host: str
    status: DeviceStatus
    interfaces: graphql.Connection[Interface] = graphql.connection(description="By age.")
