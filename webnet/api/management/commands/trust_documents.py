"""Trusts documents, lists them, and forgets them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Max, Sum
from django.db.models.functions import Length

from webnet.accounts.management.refusals import refusals_as_command_errors
from webnet.api.documents import changes
from webnet.api.documents.changes import TrustPlan
from webnet.api.documents.files import check_documents, name_operations
from webnet.api.documents.ids import find_digest, show_id
from webnet.api.models import TrustedDocument
from webnet.customers.access import Actor
from webnet.errors import InvalidInput, show
from webnet.plugins.management.customer_list import read_input
from webnet.plugins.management.json_files import parse_json

# In characters: two hundred times the file of a large application.
LARGEST_FILE = 64_000_000
# A file of another algorithm is wrong in each line.
SHOWN_FAULTS = 20


class Command(BaseCommand):
    help = (
        "Trusts an application's documents, which its requests then name by their ids instead of sending them. FILE is "
        "persisted-documents.json as codegen's client preset writes it: a JSON object of documents by 'sha256:…'. It "
        "is stored whole or not at all, and loading it again changes nothing. With --list or --remove, lists or "
        "forgets documents instead."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", help="a JSON file ('-': standard input)")
        parser.add_argument("--application", metavar="NAME", help="the application, under a name of your choice")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="forget the application's documents that FILE does not have: those of its former versions, which "
            "people may have open in their browsers",
        )
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--list", action="store_true", help="list the applications, or the documents of --application"
        )
        instead.add_argument(
            "--remove", action="store_true", help="forget all documents of the application, or those of --id"
        )
        parser.add_argument(
            "--id", action="append", default=[], metavar="ID", help="with --remove: only this document; can be repeated"
        )
        parser.add_argument("--dry-run", action="store_true", help="check everything, and print what would change")
        parser.add_argument("--reason", default="", help="the reason, for the audit log")

    def handle(self, **options: Any) -> None:
        _require_sense(options)
        if options["list"]:
            self._list(options["application"])
            return
        with refusals_as_command_errors():
            plan = self._remove(options) if options["remove"] else self._trust(options)
        self._print(plan, options)

    def _trust(self, options: dict[str, Any]) -> TrustPlan:
        text = read_input(options["file"])
        if len(text) > LARGEST_FILE:
            raise CommandError(f"'{options['file']}' has more than {LARGEST_FILE:,} characters; nothing was changed.")
        documents = _check(parse_json(text, name=options["file"]))
        if options["dry_run"]:
            return changes.plan_trust(options["application"], documents, replaces=options["replace"])
        return changes.trust(
            actor=_actor(),
            application=options["application"],
            documents=documents,
            replaces=options["replace"],
            reason=options["reason"],
        )

    def _remove(self, options: dict[str, Any]) -> TrustPlan:
        digests = [_read_id(each) for each in options["id"]] or None
        if options["dry_run"]:
            return changes.plan_forget(options["application"], digests)
        return changes.forget(
            actor=_actor(), application=options["application"], digests=digests, reason=options["reason"]
        )

    def _list(self, application: str | None) -> None:
        rows = TrustedDocument.objects.all()
        if application is not None:
            for row in rows.filter(application=application).iterator():
                self.stdout.write(f"{show_id(row.digest)} {', '.join(name_operations(row.text))}")
            return
        totals = rows.order_by("application").values("application")
        for each in totals.annotate(count=Count("pk"), size=Sum(Length("text")), latest=Max("created_at")):
            latest = f"{each['latest']:%Y-%m-%d %H:%M} UTC"
            size = f"{each['count']:,} document{'s' * (each['count'] != 1)}, {each['size']:,} characters"
            self.stdout.write(f"{each['application']}: {size}, the latest of {latest}")

    def _print(self, plan: TrustPlan, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            for sign, digests in (("+", plan.added), ("-", plan.removed)):
                for digest in digests:
                    self.stdout.write(f"{sign} {show_id(digest)}")
        counts = f"{len(plan.added):,} added, {len(plan.removed):,} removed, {len(plan.kept):,} unchanged"
        ending = " Nothing was changed, because of --dry-run." if options["dry_run"] else ""
        self.stdout.write(f"Trusted documents of '{plan.application}': {counts}.{ending}")


def _require_sense(options: dict[str, Any]) -> None:
    """Raise CommandError for options that don't go together."""
    is_trust = not (options["list"] or options["remove"])
    if is_trust and options["file"] is None:
        raise CommandError("Give FILE, or one of --list and --remove.")
    if not is_trust and (options["file"] is not None or options["replace"]):
        raise CommandError("FILE and --replace don't go with --list and --remove.")
    if options["application"] is None and not options["list"]:
        raise CommandError("Give the application's name as --application.")
    if options["id"] and not options["remove"]:
        raise CommandError("--id goes with --remove.")


def _read_id(document_id: str) -> str:
    digest = find_digest(document_id)
    if digest is None:
        raise CommandError(f"'{show(document_id)}' is not an id: '--list --application NAME' shows them.")
    return digest


def _check(content: Any) -> dict[str, str]:
    """The documents by their digests; raises CommandError with what is wrong, each with the id that has it."""
    try:
        return check_documents(content)
    except InvalidInput as refusal:
        faults = refusal.faults
    lines = ["".join((f"{'.'.join(fault.path)}: " if fault.path else "", fault.message)) for fault in faults]
    more = [f"and {len(lines) - SHOWN_FAULTS:,} more"] if len(lines) > SHOWN_FAULTS else []
    raise CommandError("\n  ".join(["Nothing was changed:", *lines[:SHOWN_FAULTS], *more]))


def _actor() -> Actor:
    return Actor.system("command: trust_documents")
