"""Mutations of devices: each is one transaction with a row in the customer's audit log."""

from __future__ import annotations

from typing import Any

from device_inventory import changes, models
from device_inventory.csv_import import RowError, read_sheet
from device_inventory.types import Device, DeviceStatus
from webnet.sdk import graphql


@graphql.input
class InterfaceInput:
    """An interface, identified by its name.

    Attributes:
        name: The name, which is unique on the device.
        address: The IP address; null if it has none.
    """

    name: str
    address: str | None = None


@graphql.input
class CreateDeviceInput:
    """A new device.

    Attributes:
        name: The name, which is unique for the customer.
        host: The host name or IP address; empty if it is not known.
        status: Where it is in its life cycle.
        interfaces: Its interfaces; null for none.
    """

    name: str
    host: str = ""
    status: DeviceStatus = DeviceStatus.ACTIVE
    interfaces: list[InterfaceInput] | None = None


@graphql.type
class CreateDevicePayload:
    """The new device.

    Attributes:
        device: The new device.
    """

    device: Device


@graphql.input
class UpdateDeviceInput:
    """What to change of a device; what is left out or null stays as it is.

    Attributes:
        id: The global id of the device.
        name: The name, which is unique for the customer.
        host: The host name or IP address; empty if it is not known.
        status: Where it is in its life cycle.
        interfaces: The interfaces that replace all that it has.
    """

    id: graphql.ID
    name: str | None = graphql.UNSET
    host: str | None = graphql.UNSET
    status: DeviceStatus | None = graphql.UNSET
    interfaces: list[InterfaceInput] | None = graphql.UNSET


@graphql.type
class UpdateDevicePayload:
    """The device after the change.

    Attributes:
        device: The device as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    device: Device
    changed: bool


@graphql.input
class DeleteDeviceInput:
    """The device to delete.

    Attributes:
        id: The global id of the device.
    """

    id: graphql.ID


@graphql.type
class DeleteDevicePayload:
    """Whether a device was deleted.

    Attributes:
        changed: False if there was no such device.
        deleted_device_id: The global id that was given, for caches to forget.
    """

    changed: bool
    deleted_device_id: graphql.ID


@graphql.input
class ImportDevicesInput:
    """The devices to import.

    Attributes:
        csv: CSV text with the header `name,host,status`, of which only `name` is required.
    """

    csv: str


@graphql.type
class ImportDevicesRowError:
    """What is wrong with a row.

    Attributes:
        line: The number of the line; the header is line 1.
        column: The name of the column; null if it concerns the whole row.
        message: What is wrong, in a sentence.
    """

    line: int
    column: str | None
    message: str


@graphql.type
class ImportDevicesPayload:
    """What was imported: all rows, or none if there are errors.

    Attributes:
        changed: Whether any device is new or different.
        created_count: How many devices are new.
        updated_count: How many devices are different.
        errors: What is wrong; the first 100.
    """

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
        return DeleteDevicePayload(changed=operation.changed, deleted_device_id=input.id)

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
