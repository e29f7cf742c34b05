"""Problems that somebody has to do something about, found in what the tables say now: one that is solved is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from webnet.audit import verification_state
from webnet.audit.operation import Operation, audited
from webnet.customers import access
from webnet.customers.models import Customer, Role
from webnet.errors import NotFound
from webnet.plugins.gate.effective import CustomerState, PlatformState, customer_states, platform_state
from webnet.plugins.gate.rules import describe_settings_fault, describe_why_not_runnable
from webnet.plugins.models import (
    Availability,
    CustomerPluginConfig,
    HealthStatus,
    PluginConfig,
    PluginHealth,
    PluginStatus,
    ProblemAcknowledgement,
)
from webnet.plugins.runtime import reported_problems, workers
from webnet.plugins.runtime.reported_problems import ReportedKind
from webnet.program import PROGRAM
from webnet.sentences import join_sentences, sentence

# More than a person reads; the most severe and the oldest come first.
MOST_PROBLEMS = 200
# Commands that mend a problem, or say more about it.
MIGRATE = f"{PROGRAM} sync_plugins --migrate"
LIST_FAULTS = f"{PROGRAM} verify_audit_log"
SIGN = f"{PROGRAM} checkpoint_audit_log"
# Of a kind that only a person can solve, each with what to do. PAUSED is told by `paused_until` instead.
REMEDIES = {
    PluginStatus.FAILED: sentence("Mend or remove the plugin, and restart the server."),
    PluginStatus.INCOMPATIBLE: sentence("Install a version of the plugin, or of what it needs, that fits."),
    PluginStatus.NEEDS_MIGRATION: sentence("Run '{command}'.", command=MIGRATE),
    PluginStatus.MISSING: sentence("Install the plugin again, or uninstall its data."),
}
REPORTED = {
    ReportedKind.QUEUE_FULL: (
        sentence("Requests were refused because too many were waiting."),
        sentence("Add workers or threads, or find out who sends so many requests."),
    ),
    ReportedKind.BUDGET_EXHAUSTED: (
        sentence("Requests were refused because a user, a token or an address spent its points."),
        sentence("Find out who it is in the log, by the code {code}.", code="RATE_LIMITED"),
    ),
}
HAS_PROBLEM = Q(paused_until__isnull=False) | ~Q(settings_fault="")


class ProblemSeverity(Enum):
    """How bad a problem is.

    Attributes:
        ERROR: Something does not work for somebody.
        WARNING: Everything still works.
    """

    ERROR = "error"
    WARNING = "warning"


class ProblemKind(Enum):
    """What kind of problem it is, so that a client can offer what mends it.

    Attributes:
        PLUGIN_FAILED: The plugin's code can't be loaded.
        PLUGIN_INCOMPATIBLE: The plugin does not fit this version of webnet, or of what it needs.
        MIGRATION_MISSING: The plugin's migrations have not run.
        PLUGIN_MISSING: The plugin is enabled, and its code is not installed.
        PLUGIN_PAUSED: The plugin is paused, for everybody or for the customer.
        PLUGIN_PAUSED_FOR_CUSTOMERS: The plugin is paused for as many customers as `count` says.
        SETTINGS_INVALID: Settings no longer fit the plugin's schema.
        SETTINGS_OF_CUSTOMERS_INVALID: Those of as many customers as `count` says no longer fit.
        PLUGIN_UNHEALTHY: The plugin's last health check says so.
        WORKERS_OUTDATED: Workers run other versions of plugins than the last sync found.
        AUDIT_LOG_INVALID: The last verification of the audit log has found a fault.
        CHECKPOINT_OVERDUE: The audit log has not been verified and signed for too long.
        QUEUE_FULL: Requests were refused because too many were waiting.
        BUDGET_EXHAUSTED: Requests were refused because somebody's points were spent.
    """

    PLUGIN_FAILED = "plugin_failed"
    PLUGIN_INCOMPATIBLE = "plugin_incompatible"
    MIGRATION_MISSING = "migration_missing"
    PLUGIN_MISSING = "plugin_missing"
    PLUGIN_PAUSED = "plugin_paused"
    PLUGIN_PAUSED_FOR_CUSTOMERS = "plugin_paused_for_customers"
    SETTINGS_INVALID = "settings_invalid"
    SETTINGS_OF_CUSTOMERS_INVALID = "settings_of_customers_invalid"
    PLUGIN_UNHEALTHY = "plugin_unhealthy"
    WORKERS_OUTDATED = "workers_outdated"
    AUDIT_LOG_INVALID = "audit_log_invalid"
    CHECKPOINT_OVERDUE = "checkpoint_overdue"
    QUEUE_FULL = "queue_full"
    BUDGET_EXHAUSTED = "budget_exhausted"


KINDS_BY_STATUS = {
    PluginStatus.FAILED: ProblemKind.PLUGIN_FAILED,
    PluginStatus.INCOMPATIBLE: ProblemKind.PLUGIN_INCOMPATIBLE,
    PluginStatus.NEEDS_MIGRATION: ProblemKind.MIGRATION_MISSING,
    PluginStatus.MISSING: ProblemKind.PLUGIN_MISSING,
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing to do. `key` names it for as long as it lasts; `count` is the number of customers, workers or times.

    `command` mends it or says more, where one does. `customer` is set where it is the problem of one customer, `plugin`
    where it is one of a plugin.
    """

    key: str
    kind: ProblemKind
    severity: ProblemSeverity
    message: str
    remedy: str
    since: datetime
    command: str | None = None
    count: int = 1
    plugin: str | None = None
    customer: Customer | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None


def find_platform_problems(platform: PlatformState) -> list[Problem]:
    """Those of plugins, of the log and of the servers; of what customers have, how many have it."""
    rows = list(platform.plugins.values())
    problems = [
        *(problem for row in rows for problem in _find_of_plugin(row)),
        *_count_customers(platform),
        *_find_unhealthy(platform, PluginHealth.objects.filter(customer=None)),
        *_find_old_workers(rows),
        *_find_log_problems(),
        *_find_reported(),
    ]
    return _finish(problems)


def find_customer_problems(platform: PlatformState, customers: Sequence[Customer]) -> list[Problem]:
    """Those that these customers have with plugins. How the platform is, is not for them."""
    names = {row.pk: row.name for row in platform.plugins.values() if row.enabled}
    by_id = {customer.pk: customer for customer in customers}
    problems: list[Problem] = []
    for config in CustomerPluginConfig.objects.filter(HAS_PROBLEM, customer__in=by_id, plugin__in=names):
        name, customer = names[config.plugin_id], by_id[config.customer_id]
        if config.is_paused:
            problems.append(_paused(name, config.pause_reason, since=config.updated_at, customer=customer))
        if config.settings_fault:
            problems.append(_invalid(name, config.settings_fault, since=config.updated_at, customer=customer))
    problems += _find_unhealthy(platform, PluginHealth.objects.filter(customer__in=by_id), by_id)
    states = customer_states(customers, platform) if problems else {}
    return _finish(each for each in problems if each.customer and _is_offered(each, states[each.customer.pk]))


def _is_offered(problem: Problem, state: CustomerState) -> bool:
    """Whether the customer may know of the plugin at all."""
    return problem.plugin is not None and state.availability(problem.plugin) != Availability.WITHHELD


@audited
def acknowledge(operation: Operation, key: str, *, slug: str | None) -> Problem:
    """Note that the actor knows of a problem; raises NotFound if there is none. It stays until it is solved."""
    if slug is None:
        access.require_operator(operation.actor)
        problems = find_platform_problems(platform_state())
    else:
        operation.customer = access.find_customer(operation.actor, slug)
        access.require(operation.actor, Role.OPERATOR, customer=operation.customer)
        problems = find_customer_problems(platform_state(), [operation.customer])
    problem = next((each for each in problems if each.key == key), None)
    if problem is None:
        raise NotFound.problem(key)
    operation.plugin_name = problem.plugin or ""
    if problem.acknowledged_by is not None:
        return problem
    known = ProblemAcknowledgement(key=key, acknowledged_by=operation.actor.name, acknowledged_at=timezone.now())
    known.save()
    operation.record(after={"problem": key})
    return _with_acknowledgement(problem, known)


def _find_of_plugin(row: PluginConfig) -> Iterator[Problem]:
    status = PluginStatus(row.status)
    # Code that is gone is what is left of a plugin that nobody uses any more, unless it is enabled.
    if status in REMEDIES and (row.enabled or status is not PluginStatus.MISSING):
        yield Problem(
            key=f"{status.value}:{row.name}",
            kind=KINDS_BY_STATUS[status],
            severity=ProblemSeverity.ERROR,
            message=row.status_reason or describe_why_not_runnable(row),
            remedy=REMEDIES[status],
            command=MIGRATE if status is PluginStatus.NEEDS_MIGRATION else None,
            since=row.updated_at,
            plugin=row.name,
        )
    if row.is_paused:
        yield _paused(row.name, row.pause_reason, since=row.updated_at)
    if row.settings_fault:
        yield _invalid(row.name, row.settings_fault, since=row.updated_at)


def _paused(name: str, reason: str, *, since: datetime, customer: Customer | None = None) -> Problem:
    return Problem(
        key=_key("paused", name, customer),
        kind=ProblemKind.PLUGIN_PAUSED,
        severity=ProblemSeverity.ERROR,
        message=reason or sentence("'{plugin}' is paused.", plugin=name),
        remedy=sentence("It is tried again by itself. Have the plugin mended, and resume it."),
        since=since,
        plugin=name,
        customer=customer,
    )


def _invalid(name: str, fault: str, *, since: datetime, customer: Customer | None = None) -> Problem:
    return Problem(
        key=_key("settings", name, customer),
        kind=ProblemKind.SETTINGS_INVALID,
        severity=ProblemSeverity.ERROR,
        message=describe_settings_fault(name, fault),
        remedy=sentence("Change them so that they fit the plugin's schema."),
        since=since,
        plugin=name,
        customer=customer,
    )


def _key(kind: str, plugin: str, customer: Customer | None) -> str:
    return f"{kind}:{plugin}:{customer.slug}" if customer is not None else f"{kind}:{plugin}"


def _count_customers(platform: PlatformState) -> Iterator[Problem]:
    """The pauses and settings of customers, one problem for each plugin: an operator can't read thousands."""
    names = {row.pk: row.name for row in platform.plugins.values()}
    is_paused, is_unfit = Q(paused_until__isnull=False), ~Q(settings_fault="")
    rows = CustomerPluginConfig.objects.filter(HAS_PROBLEM, plugin__in=names).values("plugin")
    for row in rows.annotate(
        paused=Count("pk", filter=is_paused),
        paused_since=Min("updated_at", filter=is_paused),
        unfit=Count("pk", filter=is_unfit),
        unfit_since=Min("updated_at", filter=is_unfit),
    ):
        name = names[row["plugin"]]
        if row["paused"]:
            yield Problem(
                key=f"paused_for:{name}",
                kind=ProblemKind.PLUGIN_PAUSED_FOR_CUSTOMERS,
                severity=ProblemSeverity.WARNING,
                message=(
                    sentence("'{plugin}' is paused for 1 customer.", plugin=name)
                    if row["paused"] == 1
                    else sentence("'{plugin}' is paused for {count} customers.", plugin=name, count=row["paused"])
                ),
                remedy=sentence("Have the plugin mended."),
                since=row["paused_since"],
                count=row["paused"],
                plugin=name,
            )
        if row["unfit"]:
            yield Problem(
                key=f"settings_of:{name}",
                kind=ProblemKind.SETTINGS_OF_CUSTOMERS_INVALID,
                severity=ProblemSeverity.WARNING,
                message=(
                    sentence("'{plugin}' has settings of 1 customer that no longer fit.", plugin=name)
                    if row["unfit"] == 1
                    else sentence(
                        "'{plugin}' has settings of {count} customers that no longer fit.",
                        plugin=name,
                        count=row["unfit"],
                    )
                ),
                remedy=sentence("Tell them."),
                since=row["unfit_since"],
                count=row["unfit"],
                plugin=name,
            )


def _find_unhealthy(
    platform: PlatformState, results: QuerySet[PluginHealth], customers: Mapping[int, Customer] | None = None
) -> Iterator[Problem]:
    names = {row.pk: row.name for row in platform.plugins.values() if row.enabled}
    latest = list(results.filter(is_latest=True, status=HealthStatus.UNHEALTHY, plugin__in=names))
    if not latest:
        return
    # The history of these alone, which is short, to see since when they are unhealthy.
    since: dict[tuple[int, int | None], datetime] = {}
    is_over: set[tuple[int, int | None]] = set()
    for result in results.filter(plugin__in={each.plugin_id for each in latest}).order_by("-pk"):
        pair = result.plugin_id, result.customer_id
        if result.status != HealthStatus.UNHEALTHY:
            is_over.add(pair)
        elif pair not in is_over:
            since[pair] = result.checked_at
    for result in latest:
        name = names[result.plugin_id]
        customer = customers[result.customer_id] if customers and result.customer_id is not None else None
        yield Problem(
            key=_key("unhealthy", name, customer),
            kind=ProblemKind.PLUGIN_UNHEALTHY,
            severity=ProblemSeverity.WARNING,
            message=join_sentences((sentence("'{plugin}' says that it is unhealthy.", plugin=name), result.message)),
            remedy=sentence("Do what it says, and check its health again."),
            since=since[result.plugin_id, result.customer_id],
            plugin=name,
            customer=customer,
        )


def _find_old_workers(rows: Iterable[PluginConfig]) -> Iterator[Problem]:
    versions = {row.name: row.version for row in rows}
    old = [worker for worker in workers.find_alive() if workers.find_outdated_plugins(worker, versions)]
    if old:
        yield Problem(
            key="workers:old",
            kind=ProblemKind.WORKERS_OUTDATED,
            severity=ProblemSeverity.WARNING,
            message=sentence("{count} workers run other versions of plugins than the last sync found.", count=len(old)),
            remedy=sentence("Restart them: send SIGHUP to the server."),
            since=min(worker.started_at for worker in old),
            count=len(old),
        )


def _find_log_problems() -> Iterator[Problem]:
    found = verification_state.of_log()
    if found.fault is not None:
        yield Problem(
            key="audit:invalid",
            kind=ProblemKind.AUDIT_LOG_INVALID,
            severity=ProblemSeverity.ERROR,
            message=sentence("The audit log is not valid: somebody has changed it, or a key is missing."),
            remedy=sentence("'{command}' lists all faults.", command=LIST_FAULTS),
            command=LIST_FAULTS,
            since=found.fault_found_at or timezone.now(),
        )
    elif found.overdue_since is not None:
        yield Problem(
            key="audit:checkpoint",
            kind=ProblemKind.CHECKPOINT_OVERDUE,
            severity=ProblemSeverity.WARNING,
            message=sentence("The audit log has not been verified and signed for more than two days."),
            remedy=sentence("See in the servers' log why, or run '{command}'.", command=SIGN),
            command=SIGN,
            since=found.overdue_since,
        )


def _find_reported() -> Iterator[Problem]:
    for kind, row in reported_problems.find_current().items():
        message, remedy = REPORTED[kind]
        yield Problem(
            key=f"reported:{kind.value}",
            kind=ProblemKind(kind.value),
            severity=ProblemSeverity.WARNING,
            message=message,
            remedy=remedy,
            since=row.first_seen,
            count=row.count,
        )


def _finish(problems: Iterable[Problem]) -> list[Problem]:
    """The most severe and the oldest first, with who knows of them."""
    found = sorted(problems, key=lambda each: (each.severity is not ProblemSeverity.ERROR, each.since, each.key))[
        :MOST_PROBLEMS
    ]
    known = ProblemAcknowledgement.objects.in_bulk([each.key for each in found])
    return [_with_acknowledgement(each, known.get(each.key)) for each in found]


def _with_acknowledgement(problem: Problem, known: ProblemAcknowledgement | None) -> Problem:
    # One that has begun again since is another problem.
    if known is None or known.acknowledged_at < problem.since:
        return problem
    return replace(problem, acknowledged_by=known.acknowledged_by, acknowledged_at=known.acknowledged_at)
