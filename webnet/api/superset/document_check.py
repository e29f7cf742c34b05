"""Checks the documents of a client against the superset, as `check_documents` does when the client is built."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    Node,
    OperationDefinitionNode,
    build_schema,
    specified_rules,
    validate,
)
from graphql.validation import (
    ASTValidationRule,
    KnownFragmentNamesRule,
    LoneAnonymousOperationRule,
    OverlappingFieldsCanBeMergedRule,
    UniqueFragmentNamesRule,
    UniqueOperationNamesRule,
)
from graphql.validation.validate import ValidationAbortedError

from webnet.api.engine.current import FullSchema
from webnet.api.superset.documents import DocumentSet
from webnet.api.superset.faults import DocumentFault, FaultCode, locate
from webnet.api.superset.host_fields import find_guarded_host_fields
from webnet.api.superset.plugin_parts import InstalledPlugins, find_plugin_faults
from webnet.api.superset.sdl import export_superset


class ConflictRule(OverlappingFieldsCanBeMergedRule):
    """Fields with one key must be mergeable; for each operation and fragment with the steps of a whole request.

    graphql-core limits the steps for a document, and stops altogether when they are used up.
    """

    _definition: Node | None = None

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self._begin(node)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        self._begin(node)
        super().enter_fragment_definition(node)

    def enter_selection_set(self, *visited: Any) -> None:
        try:
            super().enter_selection_set(*visited)
        except ValidationAbortedError:
            message = "It selects the same fields again and again: select each of them once."
            self.report_error(GraphQLError(message, self._definition))
            self._begin(self._definition)

    def _begin(self, definition: Node | None) -> None:
        self._definition = definition
        self.rule_context = type(self.rule_context)()


# Names are looked at apart, since they may be missing in files with one operation.
APART = {LoneAnonymousOperationRule, UniqueFragmentNamesRule, UniqueOperationNamesRule}
REPLACED: Mapping[type[ASTValidationRule], type[ASTValidationRule]] = {OverlappingFieldsCanBeMergedRule: ConflictRule}
OF_THE_SET = tuple(REPLACED.get(rule, rule) for rule in specified_rules if rule not in APART)


def check_documents(documents: DocumentSet, full: FullSchema, plugins: InstalledPlugins) -> list[DocumentFault]:
    """All faults, by file and place. All files are one document, since each may spread the fragments of any other."""
    schema = build_schema(export_superset(full))
    whole = DocumentNode(definitions=documents.definitions)
    rules = [rule for rule in OF_THE_SET if not (documents.faults and rule is KnownFragmentNamesRule)]
    # Without a limit: whoever checks documents has written them.
    errors = validate(schema, whole, rules, max_errors=sys.maxsize)
    # What may be null in the superset alone can be in conflict with it where the plugin is effective.
    errors += validate(full.schema.graphql, whole, [ConflictRule], max_errors=sys.maxsize)
    found = {
        *(DocumentFault.of(error, code=FaultCode.SYNTAX_ERROR) for error in documents.faults),
        *(DocumentFault.of(error, code=FaultCode.INVALID_DOCUMENT) for error in errors),
        *_find_duplicates(whole),
        *_find_unnamed(documents),
        *find_plugin_faults(schema, whole.definitions, owners=full.owners, plugins=plugins),
        *find_guarded_host_fields(schema, whole.definitions, owners=full.owners, plugins=plugins),
    }
    return sorted(found)


def _find_duplicates(whole: DocumentNode) -> Iterator[DocumentFault]:
    """Names of operations and fragments that are used before: generated code has one module for all of them."""
    first: dict[tuple[type, str], OperationDefinitionNode | FragmentDefinitionNode] = {}
    for definition in whole.definitions:
        if not isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode) or definition.name is None:
            continue
        known = first.setdefault((type(definition), definition.name.value), definition)
        if known is not definition:
            kind = "fragment" if isinstance(definition, FragmentDefinitionNode) else "operation"
            message = f"The {kind} '{definition.name.value}' exists already, at {locate(known)}: rename one of them."
            yield DocumentFault.at(definition.name, code=FaultCode.DUPLICATE_NAME, message=message)


def _find_unnamed(documents: DocumentSet) -> Iterator[DocumentFault]:
    """Operations without a name in files that have others: only one can be alone in its file."""
    for file in documents.files:
        operations = [each for each in file.definitions if isinstance(each, OperationDefinitionNode)]
        for operation in operations if len(operations) > 1 else ():
            if operation.name is None:
                message = "An operation must have a name where its file has others."
                yield DocumentFault.at(operation, code=FaultCode.INVALID_DOCUMENT, message=message)
