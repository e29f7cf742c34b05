"""The GraphQL types of devices; the SDK limits them to the customer's rows wherever they are used."""

from __future__ import annotations

from device_inventory import models
from webnet.sdk import graphql

DeviceStatus = graphql.enum(models.DeviceStatus)


@graphql.filter
class DeviceFilter:
    """Which devices; what is left out or null does not filter.

    Attributes:
        name: These names.
        status: These states.
        search: A part of the name or host, in any case.
    """

    name: list[str] | None
    status: list[DeviceStatus] | None
    search: str | None = graphql.lookup("name__icontains", "host__icontains")


@graphql.type(models.Interface)
class Interface(graphql.Node):
    """An interface of a device.

    Attributes:
        device: The device that it is on.
        name: The name, which is unique on the device.
        address: The IP address; null if it has none.
    """

    device: Device
    name: str
    address: str | None


@graphql.type(models.Device, filter=DeviceFilter, order=["name", "status"])
class Device(graphql.Node):
    """A device of the customer.

    Attributes:
        name: The name, which is unique for the customer.
        host: The host name or IP address; empty if it is not known.
        status: Where it is in its life cycle.
    """

    name: str
    host: str
    status: DeviceStatus
    interfaces: graphql.Connection[Interface] = graphql.connection(description="Its interfaces, oldest first.")
