"""Mutations of devices: each is one transaction with a row in the customer's audit log."""

from __future__ import annotations

from typing import Any

from device_inventory import changes, models
from device_inventory.csv_import import RowError, read_sheet
from device_inventory.types import Device, DeviceStatus
from webnet.sdk import graphql


@graphql.input
class InterfaceInput:
    """An interface, identified by its name."""

    name: str
    address: str | None = None


@graphql.input
class CreateDeviceInput:
    """A new device."""

    name: str
    host: str = ""
    status: DeviceStatus = DeviceStatus.ACTIVE
    interfaces: list[InterfaceInput] | None = None


@graphql.type
class CreateDevicePayload:
    """The new device."""

    device: Device


@graphql.input
class UpdateDeviceInput:
    """Fields that are omitted or null stay unchanged; `interfaces` replaces all interfaces."""

    id: graphql.ID
    name: str | None = graphql.UNSET
    host: str | None = graphql.UNSET
    status: DeviceStatus | None = graphql.UNSET
    interfaces: list[InterfaceInput] | None = graphql.UNSET


@graphql.type
class UpdateDevicePayload:
    """The device after the change."""

    device: Device
    changed: bool


@graphql.input
class DeleteDeviceInput:
    """The device to delete."""

    id: graphql.ID


@graphql.type
class DeleteDevicePayload:
    """`changed` is false if there was no such device."""

    changed: bool


@graphql.input
class ImportDevicesInput:
    """CSV text with the header `name,host,status`, of which only `name` is required."""

    csv: str


@graphql.type
class ImportDevicesRowError:
    """An error in a row. `line` counts from 1, the header; `column` is null if it concerns the whole row."""

    line: int
    column: str | None
    message: str


@graphql.type
class ImportDevicesPayload:
    """All rows were imported, or none if there are `errors` (the first 100)."""

    changed: bool
    created_count: int
    updated_count: int
    errors: list[ImportDevicesRowError]


@graphql.type
class DeviceMutations:
    @graphql.mutation(permission="edit")
    @staticmethod
    def create_device(info: graphql.Info, input: CreateDeviceInput) -> CreateDevicePayload:
        """Create a device. Refused with NAME_TAKEN if the customer already has a device of this name."""
        context = info.context
        with context.operation("create_device") as operation:
            maximum = context.settings()["maximum_devices"]
            changes.refuse_too_many(context.customer, more=1, maximum=maximum)
            device = models.Device(
                customer=context.customer, name=input.name, host=input.host, status=input.status.value
            )
            changes.store(device, _plain(input.interfaces))
            operation.after = changes.describe(device)
        return CreateDevicePayload(device=device)

    @graphql.mutation(permission="edit")
    @staticmethod
    def update_device(info: graphql.Info, input: UpdateDeviceInput) -> UpdateDevicePayload:
        """Change the given fields of a device."""
        with info.context.operation("update_device") as operation:
            device = info.context.get(Device, input.id)
            operation.before, interfaces = changes.describe(device), _describe_interfaces(device)
            for column in ("name", "host", "status"):
                if (value := getattr(input, column)) not in (None, graphql.UNSET):
                    setattr(device, column, getattr(value, "value", value))
            changes.store(device, _plain(input.interfaces))
            operation.after = changes.describe(device)
            operation.changed = (operation.before, interfaces) != (operation.after, _describe_interfaces(device))
        return UpdateDevicePayload(device=device, changed=operation.changed)

    @graphql.mutation(permission="edit")
    @staticmethod
    def delete_device(info: graphql.Info, input: DeleteDeviceInput) -> DeleteDevicePayload:
        """Delete a device with its interfaces; it is not an error if it does not exist."""
        with info.context.operation("delete_device") as operation:
            device = info.context.find(Device, input.id)
            operation.changed = device is not None
            if device is not None:
                operation.before = changes.describe(device)
                device.delete()
        return DeleteDevicePayload(changed=operation.changed)

    @graphql.mutation(permission="import_devices")
    @staticmethod
    def import_devices(info: graphql.Info, input: ImportDevicesInput) -> ImportDevicesPayload:
        """Create devices, and update those of the same name: all of them, or none if any row has an error."""
        settings = info.context.settings()
        sheet = read_sheet(input.csv, maximum_rows=settings["maximum_import_rows"])
        if sheet.errors:
            errors = [_show(error) for error in sheet.errors]
            return ImportDevicesPayload(changed=False, created_count=0, updated_count=0, errors=errors)
        with info.context.operation("import_devices") as operation:
            done = changes.import_devices(sheet, customer=info.context.customer, maximum=settings["maximum_devices"])
            operation.after = {"created": done.created, "updated": done.updated}
            operation.changed = done.created + done.updated > 0
        return ImportDevicesPayload(
            changed=operation.changed, created_count=done.created, updated_count=done.updated, errors=[]
        )


def _plain(interfaces: list[InterfaceInput] | None) -> list[dict[str, Any]] | None:
    """The given interfaces; None if the field was omitted."""
    if interfaces is None or interfaces is graphql.UNSET:
        return None
    return [{"name": each.name, "address": each.address or None} for each in interfaces]


def _describe_interfaces(device: models.Device) -> list[tuple[str, str | None]]:
    return sorted(models.Interface.objects.filter(device=device).values_list("name", "address"))


def _show(error: RowError) -> ImportDevicesRowError:
    return ImportDevicesRowError(line=error.line, column=error.column or None, message=error.message)
