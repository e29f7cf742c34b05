"""Checks the GraphQL documents of a client when it is built."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from graphql import OperationDefinitionNode

from webnet.api.engine.contributions import find_needs
from webnet.api.schema import full_schema
from webnet.api.superset.document_check import check_documents
from webnet.api.superset.documents import DocumentSet, DocumentsNotRead, find_files, read_documents
from webnet.api.superset.plugin_parts import InstalledPlugins
from webnet.plugins.registry import registry
from webnet.program import PROGRAM


class Command(BaseCommand):
    help = (
        f"Checks documents of a client against the schema of all plugins ('{PROGRAM} export_schema --all'): that they "
        "are valid, that whatever a plugin brings is under @ifPlugin, so that they also work where the plugin is not "
        "effective, and that nothing else is. All files are one set: each may use the fragments of the others. "
        "Documents in TypeScript or JavaScript are not found: give what your code generator writes, or keep them in "
        "files. Prints each fault as FILE:LINE:COLUMN: CODE MESSAGE; exits with 1 when it finds any, and with 2 when "
        "it finds no document."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            metavar="FILES",
            nargs="+",
            help="files that end in .graphql or .gql, folders of them (without node_modules), or patterns such as "
            "'src/**/*.graphql'; files that define a schema are left out",
        )

    def handle(self, *, files: list[str], **_options: Any) -> None:
        with _without_collector():
            self._check(files)

    def _check(self, places: list[str]) -> None:
        try:
            documents = read_documents(find_files(places))
        except DocumentsNotRead as error:
            raise CommandError(error.message, returncode=2) from None
        for schema in documents.schemas:
            self.stdout.write(f"{schema} defines a schema, and is left out.")
        if not documents.files and not documents.faults:
            raise CommandError("There is no document in these files.", returncode=2)
        full = full_schema()  # first, since a plugin whose types don't build is not loaded any more
        faults = check_documents(documents, full, _find_installed())
        for fault in faults:
            self.stdout.write(str(fault))
        self._conclude(len(faults), documents)

    def _conclude(self, faults: int, documents: DocumentSet) -> None:
        files = _count(len(documents.files) + len(documents.faults), "file")
        if faults:
            self.stdout.write(self.style.ERROR(f"{_count(faults, 'fault')} in {files}."))
            sys.exit(1)
        operations = sum(isinstance(each, OperationDefinitionNode) for each in documents.definitions)
        fragments = _count(len(documents.definitions) - operations, "fragment")
        self.stdout.write(
            self.style.SUCCESS(f"{_count(operations, 'operation')} and {fragments} in {files}: no faults.")
        )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leave the garbage collector off: it took a third of the time, and parsed documents stay until the end."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def _find_installed() -> InstalledPlugins:
    loaded = {entry.name: entry for entry in registry.loaded()}
    return InstalledPlugins(
        needs={name: find_needs(entry, loaded) for name, entry in loaded.items()},
        not_loaded={entry.name: entry.reason for entry in registry.entries() if entry.name not in loaded},
    )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
