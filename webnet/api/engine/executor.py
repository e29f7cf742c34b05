"""Executes operations; each mutation is one transaction with its answer, and is undone if that can't be given."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLField, GraphQLObjectType, is_non_null_type
from graphql.pyutils import Path

from webnet.api.declarations.mutations import COMMITS_ITSELF
from webnet.api.engine.isolation import IsolatingExecutor
from webnet.api.strawberry_internals import strawberry_field
from webnet.audit.operation import transaction_with_answer, undo_with_answer


class AnsweringExecutor(IsolatingExecutor):
    """Commits a mutation only once its answer is complete: an error anywhere in it undoes what the mutation did."""

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The mutations of a document in order. Those before one that fails stand, and those after it don't run."""
        execute: Any = super().execute_fields_serially  # Never awaitable: coroutines were run to their end.
        results: dict[str, Any] = {}
        for name, details in grouped_field_set.items():
            field = parent_type.fields.get(details[0].node.name.value)
            arguments = (parent_type, source_value, path, {name: details}, position_context)
            if field is None or commits_itself(field):
                results |= execute(*arguments)
                continue
            known = len(self.collected_errors.errors)
            try:
                with transaction_with_answer():
                    answer = execute(*arguments)
                    results |= answer if len(self.collected_errors.errors) == known else self._withdraw(field, name)
            except GraphQLError:
                raise
            except Exception as error:  # noqa: BLE001 - the commit failed, and whatever it raises belongs to this field
                self.handle_field_error(error, field.type, details, Path(path, name, parent_type.name))
                results[name] = None
        return results

    def _withdraw(self, field: GraphQLField, name: str) -> dict[str, None]:
        """Null instead of an answer with an error in it; what must not be null raises the error once more."""
        if is_non_null_type(field.type):
            raise self.collected_errors.errors.pop()
        undo_with_answer()
        return {name: None}


def commits_itself(field: GraphQLField) -> bool:
    """Whether the mutation commits before its answer is built, as the place where it says so explains."""
    return bool(getattr(strawberry_field(field), "metadata", {}).get(COMMITS_ITSELF))
