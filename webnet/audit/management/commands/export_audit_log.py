"""Exports the audit log as NDJSON or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from tqdm import tqdm

from webnet.audit import export as audit_export
from webnet.audit.management.instants import read_instant
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.audit.search import containing, created_between
from webnet.audit.verification import snapshot
from webnet.customers.models import Customer

WRITERS = {"ndjson": audit_export.write_ndjson, "csv": audit_export.write_csv}
LISTED = {"plugin": "plugin_name", "actor": "actor_name", "action": "action", "outcome": "outcome"}


class Command(BaseCommand):
    help = (
        "Exports the audit log to standard output or a file, oldest row first. An NDJSON export of everything, of one "
        "customer or of a period can be verified without webnet: docs/audit-and-settings.md shows how."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(WRITERS), default="ndjson", help="default: ndjson")
        parser.add_argument(
            "--output", metavar="FILE", type=Path, help="write to this new file, which only its owner can read"
        )
        parser.add_argument(
            "--customer", metavar="SLUG", action="append", help="can be repeated, like the four options below"
        )
        parser.add_argument("--plugin", metavar="NAME", action="append")
        parser.add_argument("--actor", metavar="NAME", action="append")
        parser.add_argument("--action", metavar="NAME", action="append")
        parser.add_argument("--outcome", choices=AuditOutcome.values, action="append")
        parser.add_argument(
            "--from", metavar="TIME", type=read_instant, help="from this time on; ISO 8601, UTC by default"
        )
        parser.add_argument("--until", metavar="TIME", type=read_instant, help="before this time")
        parser.add_argument(
            "--text",
            help="rows with this text, in any case, in the reason, a name, the plugin's version, the action, the error "
            "code, the request id or what changed, like the API's `search`",
        )

    def handle(self, **options: Any) -> None:
        write = WRITERS[options["format"]]
        bar = tqdm(desc="Exporting", unit=" rows", disable=None)
        with self._open(options["output"]) as stream, snapshot(), bar:
            write(_select(options), stream, bar.update)

    @contextmanager
    def _open(self, output: Path | None) -> Iterator[Any]:
        if output is None:
            yield self.stdout
            return
        try:
            output.touch(mode=0o600, exist_ok=False)
        except OSError as problem:
            raise CommandError(f"Can't create '{output}': {problem.strerror}.") from None
        with output.open("w", encoding="utf-8", newline="") as stream:
            yield stream


def _select(options: dict[str, Any]) -> QuerySet[PluginAuditLog]:
    rows = PluginAuditLog.objects.all()
    for option, column in LISTED.items():
        if options[option]:
            rows = rows.filter(**{f"{column}__in": options[option]})
    if options["customer"]:
        rows = rows.filter(customer_id__in=[_find_customer(slug).pk for slug in options["customer"]])
    rows = created_between(rows, options["from"], options["until"])
    return containing(rows, options["text"]) if options["text"] else rows


def _find_customer(slug: str) -> Customer:
    customer = Customer.objects.filter(slug=slug).first()
    if customer is None:
        raise CommandError(f"There is no customer '{slug}'.")
    return customer
