"""What a change would do, without doing it: the steps in order, which plugins it starts or stops, and for whom."""

from __future__ import annotations

import copy
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from django.db.models import F, QuerySet, TextChoices

from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.customers.summary import MAXIMUM_NAMED, CustomerSummary
from webnet.errors import InvalidInput, Refusal
from webnet.plugins.changes.availabilities import Choice
from webnet.plugins.changes.scopes import CustomerScope, PlatformScope, find_plugin, find_seen_plugin
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.kernel.dependencies import in_reach
from webnet.plugins.models import Availability, CustomerPluginConfig
from webnet.sentences import sentence


class PlanAction(TextChoices):
    """What is done with a plugin.

    Attributes:
        ENABLE: It is enabled.
        DISABLE: It is disabled.
        RESET: The customer's choice is removed, so that the availability alone decides again.
        SET_AVAILABILITY: What customers may choose is changed, for one of them or for everybody.
    """

    ENABLE = "enable"
    DISABLE = "disable"
    RESET = "reset"
    SET_AVAILABILITY = "set_availability"


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One plugin's part of a plan."""

    plugin: str
    action: PlanAction


@dataclass(frozen=True, kw_only=True)
class EffectiveChange:
    """The plugins that are effective before and after; `starting` and `stopping` are so for somebody it concerns.

    For everybody, effective means: can be for a customer. So a plugin may start for some customers, or for one, without
    being in only one of the two sets.
    """

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    starting: frozenset[str] = frozenset()
    stopping: frozenset[str] = frozenset()

    @classmethod
    def between(cls, before: frozenset[str], after: frozenset[str]) -> EffectiveChange:
        """What changes from one set to the other."""
        return cls(before=before, after=after, starting=after - before, stopping=before - after)

    @property
    def is_change(self) -> bool:
        """Whether any plugin starts or stops."""
        return bool(self.starting or self.stopping)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps in order, with dependencies or dependents included; empty if `refusal` is set.

    `affected` are the actor's customers for whom some plugin starts or stops being effective.
    """

    steps: tuple[PlanStep, ...] = ()
    effective: EffectiveChange = field(default_factory=EffectiveChange)
    affected: CustomerSummary = field(default_factory=CustomerSummary)
    refusal: Refusal | None = None

    @property
    def affected_customer_count(self) -> int:
        """How many customers it affects."""
        return self.affected.count


def plan(
    plugin: str,
    *,
    actor: Actor,
    customer: str | None,
    action: PlanAction,
    availability: Availability | None = None,
) -> Plan:
    """What the action would do for everybody, or for one customer. Changes nothing.

    `availability` is the one that is set: alone, or along with enabling as `manager.enable` does.
    """
    try:
        is_along = customer is None and action == PlanAction.ENABLE
        if availability is not None and not is_along and action != PlanAction.SET_AVAILABILITY:
            raise InvalidInput(
                sentence("An availability is planned with SET_AVAILABILITY, or with ENABLE for everybody."),
                field="availability",
            )
        if customer is None:
            return _plan_for_platform(plugin, actor, action, availability)
        if action == PlanAction.SET_AVAILABILITY:
            return _plan_availability_for_customer(plugin, actor, customer, availability)
        return _plan_for_customer(plugin, actor, customer, action)
    except Refusal as refusal:
        return Plan(refusal=refusal)


def _plan_for_platform(plugin: str, actor: Actor, action: PlanAction, availability: Availability | None) -> Plan:
    access.require_operator(actor)
    scope = PlatformScope(platform=platform_state())
    row = find_plugin(scope.platform.plugins, plugin)
    if action == PlanAction.RESET:
        raise InvalidInput(sentence("Only a customer's choice can be reset; name the customer."), field="action")
    rows = scope.platform.plugins
    if action == PlanAction.SET_AVAILABILITY:
        wanted = Choice(plugin=plugin, enabled=row.enabled, availability=availability or Availability.OFFERED)
        scope.check_availability(wanted)
        planned: tuple[Choice, ...] = (wanted,)
    else:
        is_on = action == PlanAction.ENABLE
        wanted = Choice(plugin=plugin, enabled=is_on, availability=availability or row.availability)
        planned = scope.plan_switch(wanted, cascade=True)
    choices = [
        each
        for each in planned
        if (rows[each.plugin].enabled, rows[each.plugin].availability) != (each.enabled, each.availability)
    ]
    steps = tuple(PlanStep(plugin=choice.plugin, action=action) for choice in choices)
    effective, affected = _foresee(actor, scope.platform, choices)
    return Plan(steps=steps, effective=effective, affected=affected)


def _plan_for_customer(plugin: str, actor: Actor, slug: str, action: PlanAction) -> Plan:
    customer = access.find_customer(actor, slug)
    access.require(actor, Role.OPERATOR, customer=customer)
    state = customer_state(customer)
    find_seen_plugin(actor, state, plugin)
    scope = CustomerScope.of(state)
    wanted = Choice(plugin=plugin, enabled=CHOICES[action], availability=scope.row(plugin).availability)
    is_on = scope.is_on(wanted)
    others = {each.plugin: is_on for each in scope.plan_switch(wanted, cascade=True) if each.plugin != plugin}
    enabled = {
        name: choice
        for name, choice in {**others, plugin: wanted.enabled}.items()
        if scope.row(name).enabled is not choice
    }
    along = PlanAction.ENABLE if is_on else PlanAction.DISABLE
    steps = tuple(PlanStep(plugin=name, action=action if name == plugin else along) for name in enabled)
    rows = dict(state.rows)
    for name in {**others, plugin: None}:
        # A copy, since states are shared between requests.
        rows[name] = copy.copy(scope.row(name))
        rows[name].enabled = enabled.get(name, rows[name].enabled)
    after = replace(state, rows=rows)
    effective = EffectiveChange.between(state.effective, after.effective)
    affected = CustomerSummary.of_slugs([customer.slug] if effective.is_change else [])
    return Plan(steps=steps, effective=effective, affected=affected)


def _plan_availability_for_customer(plugin: str, actor: Actor, slug: str, availability: Availability | None) -> Plan:
    access.require_operator(actor)
    customer = access.find_customer(actor, slug)
    state = customer_state(customer)
    find_plugin(state.platform.plugins, plugin)
    scope = CustomerScope.of(state)
    former = scope.row(plugin)
    wanted = Choice(plugin=plugin, enabled=former.enabled, availability=availability or "")
    scope.check_availability(wanted)
    if former.availability == wanted.availability:
        return Plan()
    row = copy.copy(former)
    row.availability = wanted.availability
    effective = EffectiveChange.between(state.effective, replace(state, rows={**state.rows, plugin: row}).effective)
    affected = CustomerSummary.of_slugs([customer.slug] if effective.is_change else [])
    steps = (PlanStep(plugin=plugin, action=PlanAction.SET_AVAILABILITY),)
    return Plan(steps=steps, effective=effective, affected=affected)


CHOICES = {PlanAction.ENABLE: True, PlanAction.DISABLE: False, PlanAction.RESET: None}


def _foresee(
    actor: Actor, platform: PlatformState, choices: Collection[Choice]
) -> tuple[EffectiveChange, CustomerSummary]:
    """Which plugins start or stop being effective, and for which of the actor's customers."""
    changed = {choice.plugin: copy.copy(platform.plugins[choice.plugin]) for choice in choices}
    for choice in choices:
        changed[choice.plugin].enabled = bool(choice.enabled)
        changed[choice.plugin].availability = choice.availability
    before = _keep_related(platform, changed)
    after = replace(before, plugins={**before.plugins, **changed})
    customers = access.visible_customers(actor).filter(is_active=True)
    # Customers with the same choices about these plugins are alike, and most have made none.
    alike: dict[Hashable, EffectiveChange] = {}
    affected: list[str] = []
    related = [row.pk for row in before.plugins.values()]
    configs = CustomerPluginConfig.objects.filter(customer__in=customers.values("pk"), plugin__in=related)
    for slug, rows in _group_by_customer(configs, before):
        key = frozenset((name, *_decisive_values(row)) for name, row in rows.items())
        if key not in alike:
            alike[key] = _compare(rows, before, after)
        if alike[key].is_change:
            affected.append(slug)
    summary = CustomerSummary.of_slugs(affected)
    without = _compare({}, before, after)
    others = customers.exclude(pk__in=configs.values("customer"))
    if without.is_change and (count := others.count()):
        first = sorted((*summary.slugs, *others.order_by("slug").values_list("slug", flat=True)[:MAXIMUM_NAMED]))
        summary = CustomerSummary(slugs=tuple(first[:MAXIMUM_NAMED]), count=summary.count + count)
        alike[None] = without
    possible = EffectiveChange.between(before.possible, after.possible)
    effective = EffectiveChange(
        before=platform.possible,
        after=(platform.possible - before.possible) | after.possible,
        starting=possible.starting.union(*(each.starting for each in alike.values())),
        stopping=possible.stopping.union(*(each.stopping for each in alike.values())),
    )
    return effective, summary


def _keep_related(platform: PlatformState, changed: Iterable[str]) -> PlatformState:
    """The state with no other plugins than those that the change can reach, and what those need."""
    needs = {name: [need.name for need in node.dependencies] for name, node in platform.nodes.items()}
    related = in_reach(needs, in_reach(platform.users, changed))
    return replace(platform, plugins={name: row for name, row in platform.plugins.items() if name in related})


def _group_by_customer(
    configs: QuerySet[CustomerPluginConfig], platform: PlatformState
) -> Iterator[tuple[str, dict[str, CustomerPluginConfig]]]:
    """Each customer's slug and choices, by plugin."""
    names = {row.pk: name for name, row in platform.plugins.items()}
    rows = configs.annotate(slug=F("customer__slug")).order_by("slug")
    for slug, own in groupby(rows.iterator(), key=attrgetter("slug")):
        yield slug, {names[config.plugin_id]: config for config in own}


def _decisive_values(row: CustomerPluginConfig) -> tuple[Hashable, ...]:
    """All that the gate asks of a customer's row."""
    return row.enabled, row.availability, row.is_paused, row.settings_fault if row.overrides else None


def _compare(rows: Mapping[str, CustomerPluginConfig], before: PlatformState, after: PlatformState) -> EffectiveChange:
    nobody = Customer(is_active=True)
    was, becomes = (CustomerState(customer=nobody, platform=each, rows=rows).effective for each in (before, after))
    return EffectiveChange.between(was, becomes)
