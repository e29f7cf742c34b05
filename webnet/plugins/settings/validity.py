"""Checks whether merged settings can be used, for everybody and for each customer that overrides any.

The result is stored beside the layers, as `settings_fault`, where the gate reads it. A change of global settings is
checked before its lock is taken (`find_customer_issues`), since it may concern very many customers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from django.utils import timezone

from webnet.customers.access import Actor
from webnet.customers.summary import CustomerSummary
from webnet.errors import InvalidSettings, SettingsIssue, WebnetError
from webnet.plugins.models import OVERRIDES, CustomerPluginConfig, PluginConfig
from webnet.plugins.schema.settings_schema import TOO_COSTLY, SettingsSchema, bounded_steps, merge_patch
from webnet.plugins.schema.walk import pointer_removed, split_pointer
from webnet.plugins.settings import layers, secrets
from webnet.sentences import Sentence, join_sentences, sentence

# Rows that are in memory at the same time; the largest ones are a few kilobytes each.
BATCH_SIZE = 500
# A fault is the end of a sentence in `ineffectiveReasons`, so it names only the first few issues.
NAMED_ISSUES = 3
PLATFORMS_FAULT = sentence("what only the platform can set does not fit")

Issues: TypeAlias = tuple[SettingsIssue, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerIssues:
    """The issues of customers' merged settings over one future global layer, by primary key and revision.

    They apply as long as the global layer is at `revision`; a customer that has changed since is checked again.
    """

    revision: int | None = None
    known: Mapping[tuple[int, int], Issues] = field(default_factory=dict, repr=False)


def find_issues(row: PluginConfig, config: CustomerPluginConfig | None = None) -> Issues:
    """What is wrong with the merged settings, for everybody or for one customer; empty while they can be used."""
    schema = layers.schema_of(row.name)
    if schema is None:
        return ()
    try:
        merged = layers.open_merged(row, config)
    except WebnetError as error:
        return (_as_issue(error),)
    own = tuple(row.secrets if config is None else config.secrets)
    # One count for all: the settings are checked again without each of the secrets.
    with bounded_steps():
        return tuple(_name_secret_in_the_way(schema, merged, issue, own) for issue in schema.validate(merged))


def describe_fault(schema: SettingsSchema | None, issues: Issues) -> str:
    """The issues as the end of a sentence, for `settings_fault`; customers read it, so the platform's are left out."""
    if not issues:
        return ""
    shown = [issue for issue in issues if schema is None or not schema.platform_only(issue.path)]
    if not shown:
        return _describe_fault(PLATFORMS_FAULT)
    named = join_sentences((_name_issue(issue) for issue in shown[:NAMED_ISSUES]), separator="; ")
    if len(shown) > NAMED_ISSUES:
        named = sentence("{issues}, and {count} more", issues=named, count=len(shown) - NAMED_ISSUES)
    return _describe_fault(named)


def _name_issue(issue: SettingsIssue) -> Sentence:
    return join_sentences((issue.path or sentence("the whole"), issue.message))


def _describe_fault(issues: Sentence) -> Sentence:
    # It begins with FAULT_BEGINNING.
    return sentence("do not fit its schema: {issues}.", issues=issues)


def overriding(row: PluginConfig) -> Any:
    """The customers' layers of the plugin that set anything: all others have the global settings as they are."""
    return CustomerPluginConfig.objects.filter(OVERRIDES, plugin=row.pk)


def check_all(row: PluginConfig) -> bool:
    """Check every layer of the plugin again if its version, its schema or the keys have changed since the last time.

    The global fault is set on the row, which the caller saves; returns whether anything was checked.
    """
    schema = layers.schema_of(row.name)
    text = json.dumps(schema.schema, sort_keys=True) if schema is not None else ""
    fingerprint = hashlib.sha256(f"{secrets.key_fingerprint()} {row.version} {text}".encode()).hexdigest()
    if fingerprint == row.settings_checked:
        return False
    row.settings_fault, row.settings_checked = describe_fault(schema, find_issues(row)), fingerprint
    if row.pk is not None:
        configs = overriding(row).iterator(chunk_size=BATCH_SIZE)
        checked = ((config, describe_fault(schema, issues)) for config, issues in _validate_overrides(row, configs))
        _store_faults({config.pk: fault for config, fault in checked if fault != config.settings_fault})
    return True


def find_customer_issues(actor: Actor, plugin: str, edit: Callable[[PluginConfig], object]) -> CustomerIssues:
    """Check all overrides over the edited global layer, outside of any transaction, since this may take long.

    Errors of the edit itself are ignored here: the change raises them.
    """
    row = PluginConfig.objects.filter(name=plugin).first() if actor.is_platform_operator else None
    if row is None:
        return CustomerIssues()
    revision = row.settings_revision
    try:
        edit(row)
    except WebnetError:
        return CustomerIssues()
    configs = overriding(row).iterator(chunk_size=BATCH_SIZE)
    known = {(config.pk, config.settings_revision): issues for config, issues in _validate_overrides(row, configs)}
    return CustomerIssues(revision=revision, known=known)


def refuse_or_store(row: PluginConfig, customer_issues: CustomerIssues, *, revision: int, allow_invalid: bool) -> None:
    """Inside the change, under the lock: refuse to make customers' settings invalid, or store whose settings are.

    `row` is the changed layer, and `revision` the one that it had. A customer whose settings could not be used before
    is no reason to refuse; its fault is removed when they can be used again.
    """
    overrides, issues_of = _find_override_issues(row, customer_issues, revision=revision)
    if not allow_invalid:
        _refuse_broken(row.name, overrides, issues_of)
    schema = layers.schema_of(row.name)
    faults = [(each, describe_fault(schema, issues_of[each.pk])) for each in overrides]
    _store_faults({each.pk: fault for each, fault in faults if fault != each.settings_fault})


def refuse_if_broken(row: PluginConfig, customer_issues: CustomerIssues, *, revision: int) -> None:
    """The same refusal without a lock, for a change that is only planned: nothing is stored."""
    _refuse_broken(row.name, *_find_override_issues(row, customer_issues, revision=revision))


def _find_override_issues(
    row: PluginConfig, customer_issues: CustomerIssues, *, revision: int
) -> tuple[list[Any], dict[int, Issues]]:
    """The customers' layers, without their settings, and the issues of each over the changed global layer."""
    known = dict(customer_issues.known) if customer_issues.revision == revision else {}
    # Without the settings themselves: those of most customers were checked before the lock.
    # No override can change meanwhile: that needs a share of the platform's lock, which a change holds.
    columns = ("pk", "customer__slug", "settings_revision", "settings_fault")
    overrides = list(overriding(row).order_by("customer__slug").values_list(*columns, named=True))
    unknown = [each.pk for each in overrides if (each.pk, each.settings_revision) not in known]
    for start in range(0, len(unknown), BATCH_SIZE):
        configs = overriding(row).filter(pk__in=unknown[start : start + BATCH_SIZE])
        for config, issues in _validate_overrides(row, configs):
            known[config.pk, config.settings_revision] = issues
    # Without a lock, one may have changed between the two statements: it is checked when the change is made.
    return overrides, {each.pk: known.get((each.pk, each.settings_revision), ()) for each in overrides}


def _refuse_broken(plugin: str, overrides: Iterable[Any], issues_of: Mapping[int, Issues]) -> None:
    broken = {
        each.customer__slug: issues_of[each.pk] for each in overrides if issues_of[each.pk] and not each.settings_fault
    }
    if broken:
        raise _refusal(plugin, broken)


def _refusal(plugin: str, broken: dict[str, Issues]) -> InvalidSettings:
    concerned = CustomerSummary.of_slugs(broken)
    issues = [issue for slug, found in broken.items() if slug in concerned.slugs for issue in found]
    return InvalidSettings(
        sentence(
            "The settings of '{plugin}' were not changed: those of {customers} would no longer be valid; send "
            "allowInvalid to change them anyway.",
            plugin=plugin,
            customers=concerned.describe(),
        ),
        issues=tuple(dict.fromkeys(issues)),
        customers=concerned.slugs,
        customer_count=concerned.count,
    )


def _validate_overrides(
    row: PluginConfig, configs: Iterable[CustomerPluginConfig]
) -> Iterator[tuple[CustomerPluginConfig, Issues]]:
    """Each of the customers' layers with its issues; the layers below are opened and merged once for all."""
    schema = layers.schema_of(row.name)
    if schema is None:
        yield from ((config, ()) for config in configs)
        return
    try:
        below = layers.open_merged(row)
    except WebnetError as error:
        yield from ((config, (_as_issue(error),)) for config in configs)
        return
    for config in configs:
        try:
            issues = _validate_over(schema, below, config, plugin=row.name)
        except WebnetError as error:
            issues = (_as_issue(error),)
        yield config, issues


def _validate_over(
    schema: SettingsSchema, below: dict[str, Any], config: CustomerPluginConfig, *, plugin: str
) -> Issues:
    return schema.validate(merge_patch(below, layers.open_layer(config, plugin=plugin)))


def _name_secret_in_the_way(
    schema: SettingsSchema, merged: dict[str, Any], issue: SettingsIssue, own: Sequence[str]
) -> SettingsIssue:
    """The issue, with the layer's own secret that causes it: it can't be seen among the settings."""
    for secret in own:
        is_inside = split_pointer(secret)[: len(split_pointer(issue.path))] == split_pointer(issue.path)
        without = schema.validate(pointer_removed(merged, secret)) if is_inside else TOO_COSTLY
        if without is TOO_COSTLY:
            continue
        if issue.path not in {each.path for each in without}:
            message = sentence(
                "{issue}; the secret '{path}' is still set: send null for it to remove it",
                issue=issue.message,
                path=secret,
            )
            return replace(issue, message=message)
    return issue


def _as_issue(error: WebnetError) -> SettingsIssue:
    """A secret that can't be decrypted can't be validated, and never counts as an empty value."""
    return SettingsIssue(
        path=getattr(error, "path", ""), message=sentence("can't be read. {error}", error=error.message.rstrip("."))
    )


def _store_faults(faults: dict[int, str]) -> None:
    """Store the faults of customers' layers, by primary key."""
    now = timezone.now()
    changed = [CustomerPluginConfig(pk=pk, settings_fault=fault, updated_at=now) for pk, fault in faults.items()]
    CustomerPluginConfig.objects.bulk_update(changed, ["settings_fault", "updated_at"], batch_size=BATCH_SIZE)
