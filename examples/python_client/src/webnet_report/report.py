"""Reads the report: each plugin of each customer, page by page, and what happens afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from webnet_report.client.customer_page import CustomerPageCustomersNodes
from webnet_report.client.follow_activity import FollowActivityPluginEventsNode
from webnet_report.client.fragments import ConfigPageNodes
from webnet_report.connection import Connection

# Before a stream is opened again: a server that cuts each stream at once would otherwise be asked without a pause.
PAUSE_SECONDS = 1


@dataclass(frozen=True, kw_only=True)
class PluginRow:
    """One plugin for one customer; `health` is None where it was never checked for the customer."""

    customer: str
    plugin: str
    effective: bool
    codes: tuple[str, ...]
    reasons: tuple[str, ...]
    settings_revision: int
    health: str | None
    health_message: str


@dataclass(frozen=True, kw_only=True)
class ActivityRow:
    """One row of the audit log; without a customer it is of the platform."""

    time: str
    actor: str
    action: str
    outcome: str
    code: str | None
    customer: str | None
    plugin: str | None
    reason: str | None


async def read_customers(
    connection: Connection, *, page_size: int, count: Callable[[int, int], object]
) -> AsyncIterator[list[PluginRow]]:
    """The rows of each customer that the token may see, by slug; `count` hears how many are done, of how many."""
    done, after = 0, None
    while True:
        page = (await connection.customer_page(first=page_size, after=after)).customers
        for customer in page.nodes:
            yield await _read_configs(connection, customer, page_size=page_size)
            done += 1
            count(done, page.total_count)
        if not page.page_info.has_next_page:
            return
        after = page.page_info.end_cursor


async def find_newest_cursor(connection: Connection) -> str | None:
    """The place of the newest row of the audit log; None where the token may read no row."""
    edges = (await connection.newest_activity()).plugin_audit_logs.edges
    return edges[0].cursor if edges else None


async def follow(
    connection: Connection, *, after: str | None, note: Callable[[str], None]
) -> AsyncIterator[ActivityRow]:
    """What happens after that place, each row once, also if connections are lost meanwhile or the server restarts."""
    while True:
        try:
            async for event in connection.follow_activity(after=after):
                yield _read_activity(event.plugin_events.node)
                after = event.plugin_events.cursor
        except httpx.TransportError:
            note("The event stream was cut. Following from the last event on.")
        else:
            return
        await asyncio.sleep(PAUSE_SECONDS)


async def _read_configs(
    connection: Connection, customer: CustomerPageCustomersNodes, *, page_size: int
) -> list[PluginRow]:
    page = customer.plugin_configs
    rows = [_read_row(customer.slug, node) for node in page.nodes]
    while page.page_info.has_next_page:
        after = page.page_info.end_cursor
        further = (await connection.further_configs(slug=customer.slug, first=page_size, after=after)).customer
        if further is None:  # it was hidden from the token in the meantime
            break
        page = further.plugin_configs
        rows += [_read_row(customer.slug, node) for node in page.nodes]
    return rows


def _read_row(customer: str, node: ConfigPageNodes) -> PluginRow:
    return PluginRow(
        customer=customer,
        plugin=node.plugin.name,
        effective=node.effective,
        codes=tuple(code.value for code in node.ineffective_codes),
        reasons=tuple(node.ineffective_reasons),
        settings_revision=node.settings_revision,
        health=node.health.status.value if node.health else None,
        health_message=node.health.message if node.health else "",
    )


def _read_activity(node: FollowActivityPluginEventsNode) -> ActivityRow:
    return ActivityRow(
        time=node.created_at,
        actor=node.actor_name,
        action=node.action,
        outcome=node.outcome.value,
        code=node.error_code,
        customer=node.customer.slug if node.customer else None,
        plugin=node.plugin_name,
        reason=node.reason,
    )
