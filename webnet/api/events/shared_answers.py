"""Shares the answers to an event between subscriptions with the same document and the same rights."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.utils import translation
from graphql import Executor, FieldNode, TypeInfo, TypeInfoVisitor, Visitor, visit
from strawberry.http import GraphQLRequestData

from webnet.api.engine.strawberry_schema import Schema

if TYPE_CHECKING:
    from webnet.api.events.subscription import Watch

Answer = TypeVar("Answer")

# How many answers are kept for subscriptions that have not fetched them yet.
KEPT_ANSWERS = 512
# Fields whose values depend only on the row, and on whether the viewer is a platform operator: their audiences have row
# objects of their own, so what those get is never shared with others.
ROW_FIELDS: Mapping[str, frozenset[str]] = {
    "Subscription": frozenset({"pluginEvents"}),
    "PluginAuditLogEdge": frozenset({"cursor", "node"}),
    "PluginAuditLog": frozenset(
        {
            "id",
            "sequence",
            "createdAt",
            "machineTime",
            "actorName",
            "role",
            "pluginName",
            "pluginVersion",
            "action",
            "outcome",
            "errorCode",
            "before",
            "after",
            "reason",
            "requestId",
            "hash",
        }
    ),
}


class SharedAnswers(Generic[Answer]):
    """The most recent answers of one event loop; the first subscription that needs one computes it."""

    def __init__(self) -> None:
        # By the row's `id()` and the question; the row is kept too, so that its `id()` is not reused.
        self._made: OrderedDict[Hashable, tuple[object, asyncio.Task[Answer | None]]] = OrderedDict()

    def forget(self) -> None:
        self._made.clear()

    async def get(
        self, row: object, question: Hashable, make: Callable[[], Coroutine[Any, Any, Answer | None]]
    ) -> Answer | None:
        """What `make` returns, or has returned for the same row and question; None if it can't be shared."""
        key = (id(row), question)
        if key not in self._made:
            self._made[key] = (row, asyncio.create_task(make()))
            while len(self._made) > KEPT_ANSWERS:
                self._made.popitem(last=False)
        answer = self._made[key][1]
        # Shielded, since others may be waiting for it when this subscription is cancelled.
        return answer.result() if answer.done() else await asyncio.shield(answer)


def question_of(wanted: GraphQLRequestData, executor: Executor[Any], *, schema: Schema, watch: Watch) -> Hashable:
    """A key that is equal for subscriptions with equal answers: the same document, view and schema.

    If the answers depend on the viewer, it contains the credential and the language as well.
    """
    document = json.dumps([wanted.query, wanted.operation_name, wanted.variables], sort_keys=True)
    viewer = None if depends_only_on_row(executor) else (watch.credential, translation.get_language())
    return (schema.fingerprint, watch.view_id, document, watch.context.guards, viewer)


def depends_only_on_row(executor: Executor[Any]) -> bool:
    """Whether all fields of the operation and its fragments depend only on the row."""
    types = TypeInfo(executor.schema)
    finder = _OtherFieldFinder(types)
    for definition in (executor.operation, *(details.definition for details in executor.fragments.values())):
        visit(definition, TypeInfoVisitor(types, finder))
    return not finder.found_others


class _OtherFieldFinder(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.found_others = False
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        known = ROW_FIELDS.get(parent.name, frozenset()) if parent is not None else frozenset()
        if node.name.value not in {*known, "__typename"}:
            self.found_others = True
