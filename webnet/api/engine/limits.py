"""What a single document may ask for: depth, aliases and tokens; and the caches that make a known one cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from graphql import ASTValidationRule, OperationDefinitionNode, ValidationContext
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension

from webnet.api.engine.document_size import DocumentSize
from webnet.api.errors import CodedError
from webnet.api.strawberry_internals import provided_operation_name

MAXIMUM_DEPTH = 10
MAXIMUM_ALIASES = 15
MAXIMUM_TOKENS = 1_000
CACHED_DOCUMENTS = 512


class DocumentLimits(ASTValidationRule):
    """Refuses documents that nest too deep or rename too often.

    One class for all requests, since the validation cache is keyed by the rules' classes. Strawberry's own limiters
    make a new one each time, and walk each fragment once for every path to it: 30 fragments that each spread the
    next one twice would keep them busy for hours.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        size = DocumentSize(context.document)
        if size.depth() > MAXIMUM_DEPTH:
            message = f"Fields are nested deeper than {MAXIMUM_DEPTH} levels below the root fields."
            context.report_error(CodedError(message, code="QUERY_TOO_DEEP"))
        if size.aliases() > MAXIMUM_ALIASES:
            message = f"There are more than {MAXIMUM_ALIASES} aliases, with those of fragments wherever they are used."
            context.report_error(CodedError(message, code="TOO_MANY_ALIASES"))


class ValidationCache(SchemaExtension):
    """Validates a document once for each schema; Strawberry's own keeps every schema that it ever saw."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        schema: Any = context.schema  # ours, of `webnet_schema`
        document, rules = context.graphql_document, context.validation_rules
        context.pre_execution_errors = schema.validated(schema.graphql, document, rules)
        yield


class OneOperation(SchemaExtension):
    """Refuses a document of several operations that does not say which; Strawberry would run the first."""

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        name = provided_operation_name(self.execution_context)
        definitions = document.definitions if document is not None else ()
        if name is None and sum(isinstance(each, OperationDefinitionNode) for each in definitions) > 1:
            message = "The document has several operations: name one as 'operationName'."
            self.execution_context.pre_execution_errors = [CodedError(message, code="OPERATION_NOT_FOUND")]
        yield


# The caches come around the work that they spare, and what they can't know comes after them.
EXTENSIONS: tuple[Callable[[], SchemaExtension], ...] = (
    lambda: MaxTokensLimiter(max_token_count=MAXIMUM_TOKENS),
    lambda: AddValidationRules([DocumentLimits]),
    lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
    ValidationCache,
    OneOperation,
)
