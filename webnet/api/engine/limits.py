"""Limits for a single document (depth, aliases, tokens, texts), and caches for documents that were seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from graphql import ASTValidationRule, OperationDefinitionNode, StringValueNode, ValidationContext
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension

from webnet.api.engine.document_size import DocumentSize
from webnet.api.errors import CodedError
from webnet.api.strawberry_internals import provided_operation_name
from webnet.request_record import current_record
from webnet.values.storable_values import is_storable_text

MAXIMUM_DEPTH = 10
MAXIMUM_ALIASES = 15
MAXIMUM_TOKENS = 1_000
CACHED_DOCUMENTS = 512
# Whether fields of one name can be merged is a question for each pair of them, also of those in fragments. graphql-core
# counts the steps, and lets this variable be assigned; so many take about 20 ms, and no usual document takes a tenth.
MAXIMUM_STEPS = overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000
# All that it says when they are used up.
ABORTED = "Validation aborted."


class DocumentLimits(ASTValidationRule):
    """Rejects documents that are nested too deeply or have too many aliases.

    Always the same class, since the validation cache is keyed by the classes of the rules. Strawberry's limiters create
    a new one for each request, and walk every fragment once per path to it: 30 fragments that each spread the next one
    twice would keep them busy for hours.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        size = DocumentSize(context.document)
        if size.depth() > MAXIMUM_DEPTH:
            message = f"Fields are nested deeper than {MAXIMUM_DEPTH} levels below the root fields."
            context.report_error(CodedError(message, code="QUERY_TOO_DEEP"))
        if size.aliases() > MAXIMUM_ALIASES:
            message = f"There are more than {MAXIMUM_ALIASES} aliases; those in a fragment count each time it is used."
            context.report_error(CodedError(message, code="TOO_MANY_ALIASES"))


class StorableTexts(ASTValidationRule):
    """Rejects texts that can't be stored, as variables with them are; an escape in the document can stand for one."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        if not is_storable_text(node.value):
            message = "A text in the document has a character that can't be stored, such as U+0000."
            self.report_error(CodedError(message, code="BAD_REQUEST"))


class ValidationCache(SchemaExtension):
    """Validates a document once for each schema; Strawberry's cache would keep every schema alive that it ever saw."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        schema: Any = context.schema  # Always a `strawberry_schema.Schema`.
        document, rules = context.graphql_document, context.validation_rules
        errors = schema.validated(schema.graphql, document, rules)
        if any(error.message == ABORTED for error in errors):
            message = "The document selects the same fields again and again: select each of them once."
            errors = [CodedError(message, code="TOO_MANY_REPETITIONS")]
        context.pre_execution_errors = errors
        yield


class OneOperation(SchemaExtension):
    """Rejects a document with several operations if the request names none; Strawberry would execute the first.

    Which one it is, is noted for the log.
    """

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        name = provided_operation_name(self.execution_context)
        definitions = document.definitions if document is not None else ()
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        if name is None and len(operations) > 1:
            message = "The document has several operations: select one with 'operationName'."
            self.execution_context.pre_execution_errors = [CodedError(message, code="OPERATION_NOT_FOUND")]
        elif (record := current_record.get()) is not None:
            for each in operations:
                named = each.name.value if each.name is not None else ""
                if name is None or name == named:
                    record.operation_type, record.operation_name = each.operation.value, named
        yield


# In calling order. A cache has to come before the work that it saves, and what it does not cache after it.
EXTENSIONS: tuple[Callable[[], SchemaExtension], ...] = (
    lambda: MaxTokensLimiter(max_token_count=MAXIMUM_TOKENS),
    lambda: AddValidationRules([DocumentLimits, StorableTexts]),
    lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
    ValidationCache,
    OneOperation,
)
