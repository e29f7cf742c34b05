"""Operations on devices: plain functions on rows, independent of GraphQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from device_inventory.csv_import import Sheet
from device_inventory.models import Device, Interface
from webnet.sdk.errors import InputFaults, InvalidInput
from webnet.sdk.models import Customer

# The columns of a device that the audit log shows.
SHOWN = ("name", "host", "status")
MAXIMUM_INTERFACES = 100


def describe(device: Device) -> dict[str, Any]:
    """The device as the audit log shows it."""
    return {column: str(getattr(device, column)) for column in SHOWN}


def store(device: Device, interfaces: Sequence[Mapping[str, Any]] | None) -> None:
    """Save a new or changed device and replace its interfaces; None keeps them.

    Raises InvalidInput with everything that is wrong with the device and with each interface.
    """
    faults = InputFaults()
    with faults.gather():
        device.full_clean(exclude=["customer"], validate_constraints=False)
    wanted = _read_interfaces(device, interfaces or (), faults)
    faults.refuse()
    try:
        with transaction.atomic():
            device.save()
    except IntegrityError as error:
        raise InvalidInput(f"There is already a device '{device.name}'.", field="name", code="NAME_TAKEN") from error
    if interfaces is not None:
        device.interfaces.exclude(name__in=[interface.name for interface in wanted]).delete()
        for interface in wanted:
            interface.save()


def _read_interfaces(device: Device, given: Sequence[Mapping[str, Any]], faults: InputFaults) -> list[Interface]:
    """The interfaces as they shall be stored; those with the same name are updated, so that they keep their ids."""
    names = [each["name"] for each in given]
    if len(given) > MAXIMUM_INTERFACES or len(set(names)) < len(names):
        faults.add(f"A device can have {MAXIMUM_INTERFACES} interfaces at most, with different names.", "interfaces")
        return []
    existing = {each.name: each for each in Interface.objects.filter(device=device.pk)}
    wanted = []
    for position, values in enumerate(given):
        interface = existing.get(values["name"]) or Interface(customer=device.customer, device=device)
        interface.name, interface.address = values["name"], values["address"]
        with faults.gather("interfaces", position):
            interface.full_clean(exclude=["customer", "device"], validate_constraints=False)
        wanted.append(interface)
    return wanted


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The number of devices that an import created and updated."""

    created: int
    updated: int


def refuse_too_many(customer: Customer, *, more: int, maximum: int) -> None:
    """Raise InvalidInput if the customer would have more devices than its settings allow."""
    if more and Device.objects.of(customer).count() + more > maximum:
        raise InvalidInput(f"'{customer.slug}' can have {maximum} devices at most.", field="")


def import_devices(sheet: Sheet, *, customer: Customer, maximum: int) -> Imported:
    """Store the devices of a sheet without errors; existing ones, by name, are updated."""
    existing = {device.name: device for device in Device.objects.of(customer).filter(name__in=_names(sheet))}
    new = [device for device in sheet.devices if device.name not in existing]
    for device in new:
        device.customer = customer
    changed = [
        existing[each.name] for each in sheet.devices if each.name in existing and _update(existing[each.name], each)
    ]
    refuse_too_many(customer, more=len(new), maximum=maximum)
    Device.objects.bulk_update(changed, ["host", "status"], batch_size=500)
    try:
        with transaction.atomic():
            Device.objects.bulk_create(new, batch_size=500)
    except IntegrityError as error:
        raise InvalidInput(
            "One of these devices was just created by somebody else: import them again.", field="csv"
        ) from error
    return Imported(created=len(new), updated=len(changed))


def _names(sheet: Sheet) -> list[str]:
    return [device.name for device in sheet.devices]


def _update(device: Device, wanted: Device) -> bool:
    """Copy host and status; returns whether that changes anything."""
    is_changed = describe(device) != describe(wanted)
    device.host, device.status = wanted.host, wanted.status
    return is_changed
