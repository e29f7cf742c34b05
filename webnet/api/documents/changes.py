"""Trusts documents, and forgets them: for platform operators only, audited."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from webnet.accounts.validation import clean_line
from webnet.api.documents.files import MAXIMUM_DOCUMENTS
from webnet.api.documents.ids import show_id
from webnet.api.models import LONGEST_NAME, TrustedDocument
from webnet.audit.operation import Operation, audited, lock_platform, renew_platform
from webnet.customers.access import Actor, require_operator
from webnet.errors import InvalidInput, show
from webnet.sentences import sentence

# Rows in one statement; a document may have tens of thousands of characters.
ROWS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class TrustPlan:
    """What changes for one application, as digests in their order; `kept` stay as they are."""

    application: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def has_changes(self) -> bool:
        """Whether anything changes."""
        return bool(self.added or self.removed)


def plan_trust(application: str, documents: Mapping[str, str], *, replaces: bool) -> TrustPlan:
    """What `trust` would do; changes nothing. Raises InvalidInput."""
    application = clean_line(application, field="application", maximum_length=LONGEST_NAME)
    known, given = set(_digests_of(application)), set(documents)
    removed = known - given if replaces else set()
    if (count := len((known | given) - removed)) > MAXIMUM_DOCUMENTS:
        message = sentence(
            "'{application}' would have {count:,} documents; it can have {limit:,}.",
            application=application,
            count=count,
            limit=MAXIMUM_DOCUMENTS,
        )
        raise InvalidInput(message, field="documents")
    return TrustPlan(
        application=application,
        added=tuple(sorted(given - known)),
        removed=tuple(sorted(removed)),
        kept=tuple(sorted(known - removed)),
    )


def plan_forget(application: str, digests: Collection[str] | None) -> TrustPlan:
    """What `forget` would do; changes nothing. Raises InvalidInput."""
    known = set(_digests_of(application))
    if not known:
        message = sentence("'{application}' has no trusted documents.", application=show(application))
        raise InvalidInput(message, field="application")
    removed = known if digests is None else set(digests)
    if unknown := sorted(removed - known):
        message = sentence(
            "'{application}' has no trusted document '{document}'.",
            application=show(application),
            document=show_id(unknown[0]),
        )
        raise InvalidInput(message, field="documents")
    return TrustPlan(application=application, removed=tuple(sorted(removed)), kept=tuple(sorted(known - removed)))


def trust(
    *, actor: Actor, application: str, documents: Mapping[str, str], replaces: bool = False, reason: str | None = ""
) -> TrustPlan:
    """Trust the application with these documents, which `files.check_documents` has checked; returns what was done.

    With `replaces`, those of the application that are not among them are forgotten. Raises PermissionDenied or
    InvalidInput.
    """
    operation = Operation(actor=actor, action="trust_documents", reason=reason)
    return _trust(operation, application, documents, replaces=replaces)


def forget(
    *, actor: Actor, application: str, digests: Collection[str] | None = None, reason: str | None = ""
) -> TrustPlan:
    """Forget these documents of the application, or all. Raises PermissionDenied, or InvalidInput for unknown ones."""
    return _forget(Operation(actor=actor, action="forget_documents", reason=reason), application, digests)


@audited
def _trust(operation: Operation, application: str, documents: Mapping[str, str], *, replaces: bool) -> TrustPlan:
    require_operator(operation.actor)
    # Two of these must not plan on the same rows.
    lock_platform()
    plan = plan_trust(application, documents, replaces=replaces)
    _carry_out(operation, plan, documents)
    return plan


@audited
def _forget(operation: Operation, application: str, digests: Collection[str] | None) -> TrustPlan:
    require_operator(operation.actor)
    lock_platform()
    plan = plan_forget(application, digests)
    _carry_out(operation, plan, {})
    return plan


def _carry_out(operation: Operation, plan: TrustPlan, documents: Mapping[str, str]) -> None:
    if not plan.has_changes:
        return
    TrustedDocument.objects.filter(application=plan.application, digest__in=plan.removed).delete()
    added = (TrustedDocument(application=plan.application, digest=each, text=documents[each]) for each in plan.added)
    TrustedDocument.objects.bulk_create(added, batch_size=ROWS_AT_ONCE)
    # Servers keep documents for as long as this token holds: `lookup` asks again after it.
    renew_platform()
    operation.record(
        before=_describe(plan.application, {*plan.removed, *plan.kept}),
        after={
            **_describe(plan.application, {*plan.added, *plan.kept}),
            "added": len(plan.added),
            "removed": len(plan.removed),
        },
    )


def _describe(application: str, digests: Collection[str]) -> dict[str, object]:
    """The set of documents for the audit log: its size, and the SHA-256 of its sorted digests, a line each."""
    lines = "".join(f"{each}\n" for each in sorted(digests))
    return {
        "application": application,
        "documents": len(digests),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }


def _digests_of(application: str) -> list[str]:
    return list(TrustedDocument.objects.filter(application=application).values_list("digest", flat=True))
