"""The plugin's part of the GraphQL schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from asgiref.sync import sync_to_async
from device_inventory.models import Device as DeviceRow
from device_inventory.types import Device
from django.utils import timezone

from reachability import models
from reachability.probing import Limits, ProbeResult, collect, probe_all
from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql
from webnet.sdk.errors import InvalidInput

MAXIMUM_DEVICES = 100

Outcome = graphql.enum(models.Outcome)


@graphql.type(models.Check, name="Reachability")
class Reachability(graphql.Node):
    """The result of a device's last check.

    Attributes:
        device: The device.
        outcome: How the check ended.
        latency_milliseconds: How long the connection took, in milliseconds; null if there was none.
        checked_at: When it was checked.
    """

    device: Device
    outcome: Outcome
    latency_milliseconds: float | None
    checked_at: datetime


@graphql.extend(Device)
class DeviceFields:
    reachability: Reachability | None = graphql.field(
        description="The last check of the device; null if there was none."
    )


@graphql.input
class CheckReachabilityInput:
    """Which devices to check.

    Attributes:
        devices: Their global ids, at most 100; null for the customer's oldest ones.
    """

    devices: list[graphql.ID] | None = None


@graphql.type
class CheckReachabilityPayload:
    """One result for each device.

    Attributes:
        results: The results, in the order of the devices.
    """

    results: list[Reachability]


@graphql.type
class ReachabilityResult:
    """A result of a running check, which is not stored.

    Attributes:
        device: The device.
        outcome: How the check ended.
        latency_milliseconds: How long the connection took, in milliseconds; null if there was none.
    """

    device: Device
    outcome: Outcome
    latency_milliseconds: float | None


@graphql.type
class ReachabilityMutations:
    @graphql.mutation(permission="check")
    @staticmethod
    def check_reachability(info: graphql.Info, input: CheckReachabilityInput) -> CheckReachabilityPayload:
        """Check the devices now and store the results; devices that are left at the deadline are NOT_CHECKED."""
        devices = _find_devices(info.context, input.devices)
        limits = Limits.read(info.context.settings())
        # Before the transaction, which must not wait for the network.
        probes = asyncio.run(collect({device.pk: device.host for device in devices}, limits))
        with info.context.operation("check_reachability") as operation:
            results = [_store(device, probes[device.pk]) for device in devices]
            operation.after = {result.device.name: str(result.outcome) for result in results}
            operation.changed = bool(results)
        return CheckReachabilityPayload(results=results)


@graphql.type
class ReachabilitySubscriptions:
    @graphql.subscription(permission="check")
    @staticmethod
    async def reachability(
        info: graphql.Info, devices: list[graphql.ID] | None = None
    ) -> AsyncIterator[ReachabilityResult]:
        """Check the devices, stream each result as soon as it is available, and end.

        Args:
            devices: Their global ids, at most 100; null for the customer's oldest ones.
        """
        rows = {device.pk: device for device in await sync_to_async(_find_devices)(info.context, devices)}
        limits = Limits.read(await sync_to_async(info.context.settings)())
        async for key, result in probe_all({pk: device.host for pk, device in rows.items()}, limits):
            yield ReachabilityResult(
                device=rows[key], outcome=result.outcome, latency_milliseconds=result.latency_milliseconds
            )


def _find_devices(context: graphql.GraphQLContext, ids: list[graphql.ID] | None) -> list[DeviceRow]:
    """The named devices, without duplicates. Raises NotFound for a device that the customer does not have."""
    if ids is None:
        rows = DeviceRow.objects.of(context.customer).exclude(status="retired").order_by("pk")
        return list(rows[:MAXIMUM_DEVICES])
    if len(ids) > MAXIMUM_DEVICES:
        raise InvalidInput(f"Check {MAXIMUM_DEVICES} devices at most.", field="devices")
    return [context.get(Device, each) for each in dict.fromkeys(ids)]


def _store(device: DeviceRow, result: ProbeResult) -> models.Check:
    found = {
        "outcome": result.outcome,
        "latency_milliseconds": result.latency_milliseconds,
        "checked_at": timezone.now(),
    }
    check, _ = models.Check.objects.update_or_create(
        device=device, defaults=found, create_defaults={**found, "customer_id": device.customer_id}
    )
    return check


extension = GraphQLExtension(
    mutation=ReachabilityMutations,
    subscription=ReachabilitySubscriptions,
    types=(Reachability,),
    extends=graphql.extends(DeviceFields),
)
