"""What a plugin's availability for everybody demands of its dependencies, and of the plugins that depend on it.

A plugin that is on without a customer's choice needs dependencies that are, too: customers that come later make no
choice either. Where customers have chosen, or the operator has decided for one of them, each of them counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from webnet.customers.models import Customer
from webnet.customers.summary import CustomerSummary
from webnet.errors import DependencyRefusal
from webnet.plugins.gate.effective import switched_on
from webnet.plugins.gate.rules import PlatformState
from webnet.plugins.kernel.dependencies import dependencies, dependents
from webnet.plugins.models import Availability, PluginConfig
from webnet.sentences import join_sentences, sentence

ON_BY_DEFAULT = (Availability.DEFAULT_ON, Availability.REQUIRED)
# From the least to the most that a plugin is on.
ORDER = (Availability.WITHHELD, Availability.OFFERED, Availability.DEFAULT_ON, Availability.REQUIRED)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is to be stored for one plugin.

    For a customer `enabled` may be None, for no choice, and an empty `availability` means the plugin's.
    """

    plugin: str
    enabled: bool | None
    availability: str


def take_along(platform: PlatformState, wanted: Choice) -> Iterator[Choice]:
    """What enabling a plugin with its dependencies changes in these, in the order of their hooks.

    One that is offered, or that customers would miss, gets the plugin's own availability if that is higher. What is
    withheld stays so, since somebody has decided against it.
    """
    gains = _gains(platform, wanted)
    for need in (platform.plugins[name] for name in dependencies(platform.nodes, wanted.plugin)):
        is_lower = ORDER.index(Availability(need.availability)) < ORDER.index(Availability(wanted.availability))
        is_raised = need.availability == Availability.OFFERED or _exists(gains & ~_on(need))
        availability = need.availability
        if is_lower and is_raised and availability != Availability.WITHHELD:
            availability = wanted.availability
        if not need.enabled or availability != need.availability:
            yield Choice(plugin=need.name, enabled=True, availability=availability)


def check_dependencies(platform: PlatformState, choices: Collection[Choice], *, is_with_dependencies: bool) -> None:
    """Refuse to have a plugin on, by default or for some customer, while one of its dependencies is not."""
    after = {choice.plugin: choice.availability for choice in choices}
    for choice in choices:
        row = platform.plugins[choice.plugin]
        if (row.enabled, row.availability) == (choice.enabled, choice.availability):
            continue
        names = {need.name for need in platform.nodes[row.name].dependencies} & platform.plugins.keys()
        set_to = {name: after.get(name, platform.plugins[name].availability) for name in sorted(names)}
        is_default = choice.availability in ON_BY_DEFAULT
        weak = [name for name, availability in set_to.items() if is_default and availability not in ON_BY_DEFAULT]
        gains = _gains(platform, choice)
        without = {name: gains & ~switched_on(platform.plugins[name], set_to[name]) for name in set_to}
        off = {name: condition for name, condition in without.items() if name in weak or _exists(condition)}
        if not off:
            continue
        data = {
            "plugin": row.name,
            "off": quote(off),
            "others": quote(weak),
            "availability": choice.availability.upper(),
        }
        # Taking them along has been tried already, or would leave what is withheld.
        is_tried = is_with_dependencies or any(set_to[name] == Availability.WITHHELD for name in weak)
        if not weak:
            way_out = sentence("Enable {off} for them, or set the availability of '{plugin}' for them, first.", **data)
        elif is_tried:
            way_out = sentence("Set the availability of {others} to {availability} first.", **data)
        else:
            way_out = sentence(
                "Enable '{plugin}' with its dependencies, or set the availability of {others} to {availability} first.",
                **data,
            )
        if len(off) == 1:
            message = sentence("'{plugin}' needs {off}, which is not on for every customer that would get it.", **data)
        else:
            message = sentence("'{plugin}' needs {off}, which are not on for every customer that would get it.", **data)
        raise name_customers(message, off, way_out=way_out)


def check_dependents(platform: PlatformState, wanted: Choice) -> None:
    """Refuse to switch a plugin off, by default or for some customer, while one that depends on it is on."""
    row, plugins = platform.plugins[wanted.plugin], platform.plugins
    if wanted.availability == row.availability:
        return
    losses = switched_on(row, row.availability) & ~switched_on(row, wanted.availability)
    needing = [plugins[name] for name in dependents(platform.nodes, row.name) if plugins[name].enabled]
    is_lowered = row.availability in ON_BY_DEFAULT and wanted.availability not in ON_BY_DEFAULT
    strict = [other.name for other in needing if is_lowered and other.availability in ON_BY_DEFAULT]
    users = {other.name: losses & _on(other) for other in needing}
    blocking = {name: condition for name, condition in users.items() if name in strict or _exists(condition)}
    if blocking:
        data = {"plugin": row.name, "others": quote(blocking), "availability": wanted.availability.upper()}
        if strict:
            message = sentence("'{plugin}' is needed by {others}, which is on by default.", **data)
        else:
            message = sentence("'{plugin}' is needed by {others}, which some customers have switched on.", **data)
        way_out = sentence("Set the availability of {others} to {availability} first.", **data)
        raise name_customers(message, blocking, way_out=way_out, code="DEPENDENTS_ENABLED")


def name_customers(
    message: str, conditions: Mapping[str, Q], *, way_out: str = "", code: str | None = None
) -> DependencyRefusal:
    """The refusal because of these plugins, with the customers for whom one of their conditions holds."""
    found = CustomerSummary.of_queryset(Customer.objects.filter(reduce(or_, conditions.values())))
    whose = sentence("It concerns {customers}.", customers=found.describe()) if found.count else ""
    return DependencyRefusal(
        join_sentences((message, whose, way_out)),
        code=code,
        plugins=tuple(conditions),
        customers=found.slugs,
        customer_count=found.count,
    )


def quote(names: Iterable[str]) -> str:
    """The names in quotes, for a message."""
    return ", ".join(f"'{name}'" for name in names)


def _gains(platform: PlatformState, choice: Choice) -> Q:
    row = platform.plugins[choice.plugin]
    return switched_on(row, choice.availability) & ~switched_on(row, row.availability)


def _on(row: PluginConfig) -> Q:
    return switched_on(row, row.availability)


def _exists(condition: Q) -> bool:
    return Customer.objects.filter(condition).exists()
