"""The GraphQL types of sites, and the field `Device.site`."""

from __future__ import annotations

from device_inventory.models import Device as DeviceRow
from device_inventory.types import Device
from django.db.models import Prefetch, prefetch_related_objects

from site_map import models
from webnet.sdk import graphql
from webnet.sdk.graphql.row_batches import mark_batch, peers_of


@graphql.type(models.Placement)
class Placement(graphql.Node):
    """A device at a site.

    Attributes:
        device: The device.
    """

    device: Device


@graphql.type(models.Site, order=["name"])
class Site(graphql.Node):
    """A site of the customer.

    Attributes:
        name: The name, which is unique for the customer.
        latitude: In degrees, from -90 (south) to 90 (north).
        longitude: In degrees, from -180 (west) to 180 (east).
        device_count: How many devices are at the site.
    """

    name: str
    latitude: float
    longitude: float
    placements: graphql.Connection[Placement] = graphql.connection(description="The devices at the site, oldest first.")
    device_count: int = graphql.count(models.Placement)


@graphql.extend(Device)
class DeviceFields:
    @graphql.field
    @staticmethod
    def site(root: graphql.Parent[DeviceRow], info: graphql.Info) -> Site | None:
        """The site of the device; null if it has none."""
        if "placement" not in root._state.fields_cache:
            _read_sites(root, info)
        placement = root._state.fields_cache["placement"]
        return placement.site if placement is not None else None


def _read_sites(device: DeviceRow, info: graphql.Info) -> None:
    """Read the sites of all devices of the response in one SQL statement."""
    together = peers_of(device)
    rows = info.context.rows(models.Placement).select_related("site")
    prefetch_related_objects(together, Prefetch("placement", rows))
    placements = (each._state.fields_cache["placement"] for each in together)
    mark_batch([placement.site for placement in placements if placement is not None], info.context.reading)
