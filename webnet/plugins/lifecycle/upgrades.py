"""Reviews a new version of a plugin: whether it can be accepted, and what becomes of its stored settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from webnet.containment import LoadFailure, attempt
from webnet.customers.summary import CustomerSummary
from webnet.errors import SettingsIssue
from webnet.plugins.base import PluginBase
from webnet.plugins.kernel.dependencies import is_newer
from webnet.plugins.kernel.manifest import Manifest
from webnet.plugins.lifecycle.settings_migration import MigratedLayer, migrate_layers
from webnet.plugins.models import PluginConfig
from webnet.plugins.schema.settings_schema import SettingsSchema, merge_layers
from webnet.program import PROGRAM
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class LayerIssue:
    """One issue of the merged settings, for one customer, or with an empty slug for everybody."""

    slug: str
    issue: SettingsIssue

    def describe(self) -> str:
        data = {"place": self.issue.path or sentence("the whole"), "message": self.issue.message}
        if self.slug:
            return sentence("{place} {message} (for '{customer}')", customer=self.slug, **data)
        return sentence("{place} {message} (for everybody)", **data)


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """The step from the version that was synced last to the one that is installed; with a `refusal` it is not accepted.

    `customers` are those whose settings would no longer be valid, for the reasons in `issues`. With `force`, such a
    step is accepted anyway, and the plugin is not effective for them. It changes nothing by itself.
    """

    plugin: str
    from_version: str
    to_version: str
    migrated: tuple[MigratedLayer, ...] = ()
    issues: tuple[LayerIssue, ...] = ()
    customers: CustomerSummary = field(default_factory=CustomerSummary)
    refusal: str = ""

    @property
    def is_downgrade(self) -> bool:
        return is_newer(self.from_version, than=self.to_version)


def review(row: PluginConfig, plugin: PluginBase, manifest: Manifest, *, force: bool = False) -> Upgrade | None:
    """The step to the installed version; None if that one was synced already, or is the first one."""
    if not row.version or row.version == manifest.version:
        return None
    step = Upgrade(plugin=row.name, from_version=row.version, to_version=manifest.version)
    if step.is_downgrade:
        refusal = sentence(
            "Version {version} of '{plugin}' is older than {former}, which was installed before: install that one "
            "again, or run '{program} sync_plugins --force'.",
            version=step.to_version,
            plugin=step.plugin,
            former=step.from_version,
            program=PROGRAM,
        )
        return step if force else replace(step, refusal=refusal)
    schema, hook = manifest.settings_schema, sentence("Its migrate_settings('{version}')", version=row.version)
    migrated = attempt(lambda: tuple(migrate_layers(row, plugin, schema)), doing=hook)
    if isinstance(migrated, LoadFailure):
        return replace(step, refusal=_describe_refusal(step, migrated.reason))
    issues = tuple(_find_issues(schema, migrated))
    customers = CustomerSummary.of_slugs(found.slug for found in issues if found.slug)
    step = replace(step, migrated=migrated, issues=issues, customers=customers)
    if not issues or force:
        return step
    data = {"customers": customers.describe(), "issue": issues[0].describe()}
    if not customers.count:
        why = sentence("the global settings would no longer be valid: {issue}.", **data)
    elif all(found.slug for found in issues):
        why = sentence("the settings of {customers} would no longer be valid: {issue}.", **data)
    else:
        why = sentence("the global settings and the settings of {customers} would no longer be valid: {issue}.", **data)
    return replace(step, refusal=_describe_refusal(step, why))


def _find_issues(schema: SettingsSchema | None, migrated: tuple[MigratedLayer, ...]) -> Iterator[LayerIssue]:
    # Only layers that set anything and could be used until now: the others don't get worse.
    if schema is None:
        return
    below = next((each.joined() for each in migrated if each.customer is None), {})
    for each in (each for each in migrated if not each.layer.settings_fault):
        above = {} if each.customer is None else each.joined()
        slug = each.customer.slug if each.customer else ""
        merged = merge_layers(schema.defaults(), below, above)
        yield from (LayerIssue(slug=slug, issue=issue) for issue in schema.validate(merged))


def _describe_refusal(step: Upgrade, why: str) -> str:
    return sentence(
        "Version {version} of '{plugin}' is installed, but {former} stays in use: {why}",
        version=step.to_version,
        plugin=step.plugin,
        former=step.from_version,
        why=why,
    )
