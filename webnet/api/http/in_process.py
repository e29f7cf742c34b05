"""Executes the documents of webnet's own pages in the process, exactly as if their user had sent them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLError, VariableDefinitionNode
from strawberry.http import GraphQLRequestData
from strawberry.types.graphql import OperationType

from webnet.api.engine.limits import charge_operation
from webnet.api.error_reporting import report_errors
from webnet.api.errors import BadRequest, find_raised, is_about_input
from webnet.api.http.kept_answers import find_kept_answer, keep_answer, make_key, note_operation
from webnet.api.http.requests import refuse_unusable
from webnet.api.http.views import run_operation
from webnet.api.request.context import Context
from webnet.api.responses import encode_json
from webnet.api.visibility import visible_schema
from webnet.database.outages import find_outage
from webnet.errors import DeadlineExceeded, WebnetError
from webnet.plugins.changes import pauses
from webnet.plugins.runtime import failures
from webnet.request_record import note_code
from webnet.sentences import sentence
from webnet.values.viewer_language import for_viewer

PAGE_OPERATIONS = {OperationType.QUERY, OperationType.MUTATION}


class DocumentFailed(WebnetError):
    """A document was answered with an error; `extensions` are those of the first."""

    def __init__(self, message: str, *, extensions: Mapping[str, Any]) -> None:
        super().__init__(message, code=extensions.get("code", "INTERNAL_ERROR"))
        self.extensions = extensions


def execute_document(document: str, variables: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """The answer's `data`. What it may do and cost is decided as for a client.

    Raises DocumentFailed if there is an error, and an outage of the database as it is, so that the page is made again.
    """
    try:
        # What comes from a page's address or form can have characters that no database stores.
        refuse_unusable(document, dict(variables))
    except BadRequest as refused:
        raise DocumentFailed(for_viewer(refused.message), extensions={"code": refused.code}) from refused
    wanted = GraphQLRequestData(query=document, variables=dict(variables), operation_name=None, extensions=None)
    schema = visible_schema(context.reading)
    key = make_key(context, schema, wanted)
    kept = find_kept_answer(context, key)
    if kept is not None and charge_operation(context, kept.cost) is None:
        note_operation(kept, context)
        known: dict[str, Any] = orjson.loads(kept.body)["data"]
        return known
    result = run_operation(wanted, context, schema, allowed=PAGE_OPERATIONS)
    for error in result.errors or ():
        raised = find_raised(error)
        if raised is not None and (find_outage(raised) or isinstance(raised, DeadlineExceeded)):
            raise raised
    if failures.counter.has_counted():
        pauses.pause_at_once()
    if result.errors:
        first = report_errors(result.errors, context)[0]
        message = _describe_value(result.errors[0]) or first.message
        failed = DocumentFailed(message, extensions=first.extensions or {})
        note_code(failed.code)
        raise failed
    data: dict[str, Any] = result.data or {}
    if context.state_read is not None:
        keep_answer(context, key, encode_json({"data": data}))
    return data


def _describe_value(error: GraphQLError) -> str | None:
    """What graphql-core says in English only of a variable's value that its type refuses; None for other errors."""
    variable = error.nodes[0] if error.nodes else None
    if not is_about_input(error) or not isinstance(variable, VariableDefinitionNode):
        return None
    name = variable.variable.name.value
    return for_viewer(sentence("'{name}' has a value that does not exist or does not fit.", name=name))
