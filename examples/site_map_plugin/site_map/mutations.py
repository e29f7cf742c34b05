"""Mutations of the map; each describes the wanted state, so it is safe to send it twice."""

from __future__ import annotations

from device_inventory.models import Device as DeviceRow
from device_inventory.types import Device

from site_map import models
from site_map.types import Site
from webnet.sdk import graphql
from webnet.sdk.errors import InputFaults, InvalidInput


@graphql.input
class SetSiteInput:
    """A new site, or new coordinates for the one with this name.

    Attributes:
        name: The name, which is unique for the customer.
        latitude: In degrees, from -90 (south) to 90 (north).
        longitude: In degrees, from -180 (west) to 180 (east).
    """

    name: str
    latitude: float
    longitude: float


@graphql.type
class SetSitePayload:
    """The site after the change.

    Attributes:
        site: The site as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    site: Site
    changed: bool


@graphql.input
class DeleteSiteInput:
    """The site to delete.

    Attributes:
        id: The global id of the site.
    """

    id: graphql.ID


@graphql.type
class DeleteSitePayload:
    """Whether a site was deleted.

    Attributes:
        changed: False if there was no such site.
        deleted_site_id: The global id that was given, for caches to forget.
    """

    changed: bool
    deleted_site_id: graphql.ID


@graphql.input
class PlaceDeviceInput:
    """Where a device is.

    Attributes:
        device: The global id of the device.
        site: The global id of the site; null for none.
    """

    device: graphql.ID
    site: graphql.ID | None


@graphql.type
class PlaceDevicePayload:
    """The device after the change.

    Attributes:
        device: The device as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    device: Device
    changed: bool


@graphql.type
class SiteMutations:
    @graphql.mutation(permission="edit")
    @staticmethod
    def set_site(info: graphql.Info, input: SetSiteInput) -> SetSitePayload:
        """Create a site, or change its coordinates."""
        context = info.context
        with context.operation("set_site") as operation:
            site, faults = context.rows(models.Site).filter(name=input.name).first(), InputFaults()
            if site is None:
                with faults.gather():
                    _refuse_too_many(context)
            operation.before = _describe(site)
            site = site or models.Site(customer=context.customer, name=input.name)
            site.latitude, site.longitude = input.latitude, input.longitude
            with faults.gather():
                site.full_clean()
            faults.refuse()
            site.save()
            operation.after = _describe(site)
            operation.changed = operation.before != operation.after
        return SetSitePayload(site=site, changed=operation.changed)

    @graphql.mutation(permission="edit")
    @staticmethod
    def delete_site(info: graphql.Info, input: DeleteSiteInput) -> DeleteSitePayload:
        """Delete a site; its devices are kept, and are at no site then."""
        with info.context.operation("delete_site") as operation:
            site = info.context.find(Site, input.id)
            operation.changed = site is not None
            if site is not None:
                operation.before = _describe(site)
                site.delete()
        return DeleteSitePayload(changed=operation.changed, deleted_site_id=input.id)

    @graphql.mutation(permission="edit")
    @staticmethod
    def place_device(info: graphql.Info, input: PlaceDeviceInput) -> PlaceDevicePayload:
        """Assign a device to a site."""
        context = info.context
        with context.operation("place_device") as operation:
            device = context.get(Device, input.device)
            site = context.get(Site, input.site) if input.site is not None else None
            before = context.rows(models.Placement).filter(device=device).select_related("site").first()
            operation.before = _describe_placement(device, before.site if before is not None else None)
            operation.after = _describe_placement(device, site)
            operation.changed = (before.site if before is not None else None) != site
            _place(device, site)
        device = context.get(Device, input.device)
        return PlaceDevicePayload(device=device, changed=operation.changed)


def _place(device: DeviceRow, site: models.Site | None) -> None:
    if site is None:
        models.Placement.objects.filter(device=device).delete()
    else:
        models.Placement.objects.update_or_create(
            device=device, defaults={"site": site}, create_defaults={"site": site, "customer": device.customer}
        )


def _refuse_too_many(context: graphql.GraphQLContext) -> None:
    maximum = context.settings()["maximum_sites"]
    if context.rows(models.Site).count() >= maximum:
        raise InvalidInput(f"'{context.customer.slug}' can have {maximum} sites at most.", field="")


def _describe(site: models.Site | None) -> dict[str, object] | None:
    return {"name": site.name, "latitude": site.latitude, "longitude": site.longitude} if site is not None else None


def _describe_placement(device: DeviceRow, site: models.Site | None) -> dict[str, str | None]:
    return {"device": device.name, "site": site.name if site is not None else None}
