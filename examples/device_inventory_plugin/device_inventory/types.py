"""The GraphQL types of devices; the SDK limits them to the customer's rows wherever they are used."""

from __future__ import annotations

from device_inventory import models
from webnet.sdk import graphql

DeviceStatus = graphql.enum(models.DeviceStatus)


@graphql.filter
class DeviceFilter:
    """`search` finds a part of the name or host, in any case."""

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
    interfaces: graphql.Connection[Interface] = graphql.connection(description="Its interfaces, oldest first.")
