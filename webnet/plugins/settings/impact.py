"""What a change of global settings would do to the customers that override some: looked at before the lock is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from webnet.customers.access import Actor
from webnet.customers.summary import CustomerSummary
from webnet.errors import InvalidSettings, WebnetError
from webnet.plugins.models import PluginConfig
from webnet.plugins.settings import layers, validity
from webnet.plugins.settings.validity import Issues

ALLOW = "send allowInvalid to change them all the same"


@dataclass(kw_only=True)
class Foresight:
    """The issues of customers' merged settings over one future global layer, by primary key and revision.

    They count while the global layer still is at `revision`; who changed since is looked at again.
    """

    revision: int | None = None
    known: dict[tuple[int, int], Issues] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Override:
    """One customer's own layer, as little of it as is needed to know whether it changed."""

    pk: int
    slug: str
    revision: int
    fault: str


def look_ahead(actor: Actor, plugin: str, edit: Callable[[PluginConfig], None]) -> Foresight:
    """Outside of any transaction, since this may take long. Whatever stands in the way is told by the change itself."""
    foresight = Foresight()
    row = PluginConfig.objects.filter(name=plugin).first() if actor.is_platform_operator else None
    if row is None:
        return foresight
    revision = row.settings_revision
    try:
        edit(row)
    except WebnetError:
        return foresight
    foresight.revision = revision
    _look(foresight, row, _list_overrides(row))
    return foresight


def refuse_or_note(row: PluginConfig, foresight: Foresight, *, revision: int, allow_invalid: bool) -> None:
    """Inside the change, under the lock: refuse what would break customers' settings, or note for whom it does.

    `row` is the changed layer, and `revision` the one that it had. A customer whose settings could not be used
    before is no reason to refuse, and has its note taken away when they can be used again.
    """
    current = foresight if foresight.revision == revision else Foresight(revision=revision)
    overrides = _list_overrides(row)
    _look(current, row, [each for each in overrides if (each.pk, each.revision) not in current.known])
    issues = {each.pk: current.known[each.pk, each.revision] for each in overrides}
    broken = [each for each in overrides if issues[each.pk] and not each.fault]
    if broken and not allow_invalid:
        raise _refusal(row.name, broken, issues)
    schema = layers.schema_of(row.name)
    faults = {each: validity.tell_fault(schema, issues[each.pk]) for each in overrides}
    validity.store_customer_faults({each.pk: fault for each, fault in faults.items() if fault != each.fault})


def _list_overrides(row: PluginConfig) -> list[Override]:
    found = validity.overriding(row).order_by("customer__slug")
    names = ("pk", "customer__slug", "settings_revision", "settings_fault")
    return [Override(pk=pk, slug=slug, revision=at, fault=fault) for pk, slug, at, fault in found.values_list(*names)]


def _look(foresight: Foresight, row: PluginConfig, overrides: list[Override]) -> None:
    revisions = {each.pk: each.revision for each in overrides}
    for start in range(0, len(overrides), validity.BATCH_SIZE):
        batch = [each.pk for each in overrides[start : start + validity.BATCH_SIZE]]
        configs = validity.overriding(row).filter(pk__in=batch).iterator()
        for config, issues in validity.find_customer_issues(row, configs):
            foresight.known[config, revisions[config]] = issues


def _refusal(plugin: str, broken: list[Override], issues: dict[int, Issues]) -> InvalidSettings:
    concerned = CustomerSummary.of_slugs(each.slug for each in broken)
    told = [issue for each in broken if each.slug in concerned.slugs for issue in issues[each.pk]]
    whose = concerned.describe()
    message = f"The settings of '{plugin}' were not changed: those of {whose} would not fit any more; {ALLOW}."
    return InvalidSettings(
        message,
        issues=tuple(dict.fromkeys(told)),
        customers=concerned.slugs,
        customer_count=concerned.count,
    )
