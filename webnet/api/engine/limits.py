"""Limits for a document (depth, aliases, tokens, cost), and caches for documents that were seen before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings
from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    KnownDirectivesRule,
    OperationDefinitionNode,
    OperationType,
    UniqueDirectivesPerLocationRule,
    ValidationContext,
    specified_rules,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from webnet.api.declarations.state_reads import StateRead
from webnet.api.engine.client_values import find_unusable
from webnet.api.engine.cost import SameDocument, read_sizes
from webnet.api.engine.document_size import DocumentSize
from webnet.api.engine.guarded_parts import Guards, ParedDocument, find_guards, pare
from webnet.api.engine.known_documents import known_documents
from webnet.api.engine.strawberry_schema import InvalidDocument
from webnet.api.errors import CodedError
from webnet.api.request import rates
from webnet.api.request.context import Context
from webnet.api.strawberry_internals import provided_operation_name
from webnet.api.vocabulary.directives import IF_PLUGIN
from webnet.customers.access import Role
from webnet.errors import RateLimited
from webnet.request_record import current_record

MAXIMUM_DEPTH = 10
MAXIMUM_ALIASES = 15
MAXIMUM_TOKENS = 1_000
# Of braces, fragments included: graphql-core stops at 200 without saying what is wrong.
MAXIMUM_NESTING = 100
# Whether fields of one name can be merged is a question for each pair of them, also of those in fragments. graphql-core
# counts the steps, and lets this variable be assigned; so many take about 20 ms, and no usual document takes a tenth.
MAXIMUM_STEPS = overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 20_000
# graphql-core finds up to a hundred errors in a document, each with a sentence.
SHOWN_ERRORS = 20
# All that it says when the steps are used up.
ABORTED = "Validation aborted."
# A request with the header `Webnet-Explain: cost` gets what its operation costs.
EXPLAIN_HEADER = "Webnet-Explain"


class DocumentLimits(ASTValidationRule):
    """Rejects documents that are nested too deeply or have too many aliases.

    Always the same class, since the validation cache is keyed by the classes of the rules. Strawberry's limiters create
    a new one for each request, and walk every fragment once per path to it: 30 fragments that each spread the next one
    twice would keep them busy for hours.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        size = DocumentSize(context.document)
        if size.depth > MAXIMUM_DEPTH:
            message = f"Fields are nested deeper than {MAXIMUM_DEPTH} levels below the root fields."
            context.report_error(CodedError(message, code="QUERY_TOO_DEEP"))
        elif size.nesting > MAXIMUM_NESTING:
            message = f"Braces are nested deeper than {MAXIMUM_NESTING} levels, those of fragments included."
            context.report_error(CodedError(message, code="QUERY_TOO_DEEP"))
        if size.introspection > 1:
            message = "The introspection has fields of types within fields of a type: ask for each type by its name."
            context.report_error(CodedError(message, code="QUERY_TOO_DEEP"))
        if size.aliases > MAXIMUM_ALIASES:
            message = f"There are more than {MAXIMUM_ALIASES} aliases; those in a fragment count each time it is used."
            context.report_error(CodedError(message, code="TOO_MANY_ALIASES"))


# What checks a password.
TRIES = frozenset({"signIn", "changePassword"})


class OneSignIn(ASTValidationRule):
    """Rejects an operation that would try several passwords: each takes as long as it is meant to."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        # What the executor runs: a fragment counts once, however often it is used, and equal response keys are merged.
        keys, seen, selections = set(), set(), list(node.selection_set.selections)
        while selections and node.operation is OperationType.MUTATION:
            selection = selections.pop()
            inner: InlineFragmentNode | FragmentDefinitionNode | None = None
            if isinstance(selection, FieldNode) and selection.name.value in TRIES:
                keys.add((selection.alias or selection.name).value)
            elif isinstance(selection, InlineFragmentNode):
                inner = selection
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                inner = self.context.get_fragment(selection.name.value)
            selections.extend(inner.selection_set.selections if inner is not None else ())
        if len(keys) > 1:
            message = "An operation can have one signIn or changePassword: send the others in requests of their own."
            self.report_error(CodedError(message, code="TOO_MANY_SIGN_INS"))


class FirstWrongDirective(KnownDirectivesRule):
    """Reports the first directive that is unknown or misplaced: a small document can have hundreds of them."""

    is_reported = False

    def report_error(self, error: GraphQLError) -> None:
        if not self.is_reported:
            self.is_reported = True
            super().report_error(error)


class FirstRepeatedDirective(UniqueDirectivesPerLocationRule):
    """Reports the first directive that is repeated where it may be used once."""

    is_reported = False

    def report_error(self, error: GraphQLError) -> None:
        if not self.is_reported:
            self.is_reported = True
            super().report_error(error)


class IntrospectionNeedsSignIn(ASTValidationRule):
    """For documents of somebody signed out: the schema is shown to users only. `__typename` says nothing about it."""

    is_reported = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in ("__schema", "__type") and not self.is_reported:
            self.is_reported = True
            message = "Sign in first, or send a token, to read the schema: `__schema` and `__type` are for users only."
            self.report_error(CodedError(message, code="UNAUTHENTICATED"))


DIRECTIVE_RULES: dict[type[ASTValidationRule], type[ASTValidationRule]] = {
    KnownDirectivesRule: FirstWrongDirective,
    UniqueDirectivesPerLocationRule: FirstRepeatedDirective,
}
# The rules of the GraphQL specification, as strict as the viewer needs them. One tuple for each kind of viewer, since
# the validation cache is keyed by it.
RULES_SIGNED_IN = (*(DIRECTIVE_RULES.get(rule, rule) for rule in specified_rules), DocumentLimits, OneSignIn)
RULES_SIGNED_OUT = (*RULES_SIGNED_IN, IntrospectionNeedsSignIn)


class OperationLimits(SchemaExtension):
    """Parses, validates and prices each operation, before anything of it runs.

    One extension with all of the steps: Strawberry would take longer to call one for each than they take.
    """

    explained: Mapping[str, Any] | None = None

    # `strawberry_schema.OperationSteps` calls these, so that none of them can be a generator.

    def on_operation(self) -> None:  # type: ignore[override]
        execution = self.execution_context
        execution.parse_options["max_tokens"] = MAXIMUM_TOKENS
        execution.validation_rules = RULES_SIGNED_IN if execution.context.is_signed_in else RULES_SIGNED_OUT

    def on_parse(self) -> None:  # type: ignore[override]
        execution = self.execution_context
        if execution.query is not None:
            execution.graphql_document = known_documents.parse(execution.query, execution.parse_options)

    def on_validate(self) -> None:  # type: ignore[override]
        execution = self.execution_context
        pared: ParedDocument | None = None
        if execution.graphql_document is not None:
            try:
                choose_operation(execution, execution.graphql_document)
                if execution.query is not None and IF_PLUGIN in execution.query:
                    pared = pare_document(execution, execution.query, execution.graphql_document)
                    execution.graphql_document = pared.validated
                execution.pre_execution_errors = validate(execution, execution.graphql_document)
            except GraphQLError as refusal:
                execution.pre_execution_errors = [refusal]
        if not execution.pre_execution_errors:
            # With the nulls of what was taken out: an answer may have as many of them as of any other values.
            self._limit_cost(pared.executed if pared is not None else execution.graphql_document)
        if pared is not None and not execution.pre_execution_errors:
            execution.graphql_document = pared.executed

    def get_results(self) -> dict[str, Any]:
        return dict(self.explained or {})

    def _limit_cost(self, document: DocumentNode | None) -> None:
        """Reject an operation that costs more than the budget of its viewer, and charge for any other."""
        execution = self.execution_context
        requested, budget = price_operation(execution, document), budget_of(execution.context)
        if requested > budget:
            message = (
                f"The operation costs {requested} points, and your budget is {budget}: "
                "ask for smaller pages or for less at once."
            )
            error = CodedError(message, code="QUERY_TOO_EXPENSIVE", requested=requested, budget=budget)
            execution.pre_execution_errors = [error]
        elif (refusal := charge_operation(execution.context, requested)) is not None:
            execution.pre_execution_errors = [refusal]
        else:
            execution.context.state_read = find_state_read(execution)
        if execution.context.request.headers.get(EXPLAIN_HEADER) == "cost":
            self.explained = {"cost": {"requested": requested, "budget": budget}}


def charge_operation(context: Context, points: int) -> GraphQLError | None:
    """Charge what the operation costs; returns the refusal if it can't be paid."""
    try:
        # On credit: the request has paid already to be looked at, and who could afford that may have this answer.
        rates.charge(context.request, context.identity, points=points, on_credit=True)
    except RateLimited as refusal:
        return GraphQLError(refusal.message, original_error=refusal)
    return None


def find_state_read(execution: ExecutionContext) -> StateRead | None:
    """Where the answer depends on the plugins' state alone, so that it can be kept; None if it does nowhere."""
    schema: Any = execution.schema  # Always a `strawberry_schema.Schema`.
    if execution.graphql_document is None:
        return None
    same, name = SameDocument(execution.graphql_document), provided_operation_name(execution)
    found: StateRead | None = schema.state_reads(schema.graphql, same, name)
    return found


def validate(execution: ExecutionContext, document: DocumentNode) -> list[GraphQLError]:
    """The errors of a document, which is validated once for each schema.

    Strawberry's cache would keep every schema alive that it ever saw.
    """
    schema: Any = execution.schema  # Always a `strawberry_schema.Schema`.
    errors: list[GraphQLError] = []
    try:
        schema.validated(schema.graphql, SameDocument(document), execution.validation_rules)
    except InvalidDocument as invalid:
        errors = invalid.errors
    if any(error.message == ABORTED for error in errors):
        message = "The document selects the same fields again and again: select each of them once."
        errors = [CodedError(message, code="TOO_MANY_REPETITIONS")]
    return errors[:SHOWN_ERRORS]


def choose_operation(execution: ExecutionContext, document: DocumentNode) -> None:
    """Note for the log which operation it is; raises if the document has several and the request names none.

    Strawberry would execute the first.
    """
    name = provided_operation_name(execution)
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        message = "The document has several operations: select one with 'operationName'."
        raise CodedError(message, code="OPERATION_NOT_FOUND")
    if (record := current_record.get()) is not None:
        for each in operations:
            named = each.name.value if each.name is not None else ""
            if name is None or name == named:
                record.operation_type, record.operation_name = each.operation.value, named


def pare_document(execution: ExecutionContext, text: str, document: DocumentNode) -> ParedDocument:
    """The document without the parts of plugins that are not effective for the viewer.

    Raises a GraphQLError if a part does not say which plugin it needs, or if nothing is left to subscribe to.
    """
    context, name = execution.context, provided_operation_name(execution)
    guards = known_documents.find(text, "guards", lambda: read_guards(document))
    shown = context.reading.effective_plugins if context.is_signed_in and guards.plugins else frozenset()
    effective = context.guards = guards.plugins & shown
    conditions = guards.read_conditions(document, name, execution.variables)
    pared = known_documents.find(text, (effective, conditions), lambda: pare(document, effective, conditions))
    if pared.refused:
        chosen = name if name is not None else next(iter(pared.refused))
        if chosen in pared.refused:
            message = (
                "The event of this subscription is in a part that `@ifPlugin` guards with a plugin which is not "
                "effective for you, so there is nothing to subscribe to."
            )
            raise CodedError(message, code="PLUGIN_NOT_EFFECTIVE")
    return pared


def read_guards(document: DocumentNode) -> Guards:
    """The guards of a document without unusable names, since also those of what is taken out are in the answer."""
    for error in find_unusable(document):
        raise error
    return find_guards(document)


def price_operation(execution: ExecutionContext, document: DocumentNode | None) -> int:
    """The points that the valid operation costs, from now on also in its context, with what chooses columns."""
    schema: Any = execution.schema  # Always a `strawberry_schema.Schema`.
    name = provided_operation_name(execution)
    if document is None:
        return 0
    sizes = read_sizes(document, name, execution.variables)
    cost: int = schema.priced(schema.graphql, SameDocument(document), name, sizes)
    execution.context.cost = cost
    execution.context.choose_columns(partial(find_columns, schema, document))
    if (record := current_record.get()) is not None:
        record.cost = cost
    return cost


def find_columns(schema: Any, document: DocumentNode, type_name: str) -> frozenset[str] | None:
    """The columns of a type's rows that the document asks for; None means all.

    Whoever asks keeps the document: a stream is longer than the time that it is kept for others.
    """
    found: frozenset[str] | None = schema.selected_columns(schema.graphql, SameDocument(document), type_name)
    return found


def budget_of(context: Context) -> int:
    """The points that one operation of this viewer may cost, by their role in the view.

    On the platform's view, everybody but platform operators has the budget of a viewer, since the roles that somebody
    has are not known there without reading them.
    """
    if not context.is_signed_in:
        return settings.WEBNET_BUDGET_POINTS_SIGNED_OUT
    if context.actor.is_platform_operator:
        return settings.WEBNET_BUDGET_POINTS_PLATFORM
    view = context.reading.view
    role = context.reading.role_in(view) if view is not None else None
    budgets = {Role.OPERATOR: settings.WEBNET_BUDGET_POINTS_OPERATOR, Role.ADMIN: settings.WEBNET_BUDGET_POINTS_ADMIN}
    return budgets.get(role or Role.VIEWER, settings.WEBNET_BUDGET_POINTS_VIEWER)


EXTENSIONS: tuple[Callable[[], SchemaExtension], ...] = (OperationLimits,)
