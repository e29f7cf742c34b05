"""Answers that many subscriptions share: one row, told by one document to those who are told the same of it."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from graphql import Executor, FieldNode, TypeInfo, TypeInfoVisitor, Visitor, visit
from strawberry.http import GraphQLRequestData

from webnet.api.engine.strawberry_schema import Schema

if TYPE_CHECKING:
    from webnet.api.events.subscription import Watch

Answer = TypeVar("Answer")

# How many answers are kept for those who have not come for theirs yet.
KEPT_ANSWERS = 512
# What depends on the row alone, whoever asks.
OF_THE_ROW: Mapping[str, frozenset[str]] = {
    "Subscription": frozenset({"pluginEvents"}),
    "PluginAuditLogEdge": frozenset({"cursor", "node"}),
    "PluginAuditLog": frozenset(
        {
            "id",
            "sequence",
            "createdAt",
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
    """The answers that were made last, for one event loop; whoever comes first makes one."""

    def __init__(self) -> None:
        # By row and question; a row is kept with its answer, since its identity is a part of the key.
        self._made: OrderedDict[Hashable, tuple[object, asyncio.Task[Answer | None]]] = OrderedDict()

    def forget(self) -> None:
        self._made.clear()

    async def get(
        self, row: object, question: Hashable, make: Callable[[], Coroutine[Any, Any, Answer | None]]
    ) -> Answer | None:
        """What `make` returns, or returned for another one with the same question; None where it can't be shared."""
        key = (id(row), question)
        if key not in self._made:
            self._made[key] = (row, asyncio.create_task(make()))
            while len(self._made) > KEPT_ANSWERS:
                self._made.popitem(last=False)
        answer = self._made[key][1]
        # One that waits may go; the others wait on.
        return answer.result() if answer.done() else await asyncio.shield(answer)


def question_of(wanted: GraphQLRequestData, executor: Executor[Any], *, schema: Schema, watch: Watch) -> Hashable:
    """Equal for subscriptions that get equal answers: the same document in the same view and schema.

    Where it matters who asks, the credential must be the same as well.
    """
    document = json.dumps([wanted.query, wanted.operation_name, wanted.variables], sort_keys=True)
    asker = None if tells_only_the_row(executor) else watch.credential
    return (schema.fingerprint, watch.view_id, document, asker)


def tells_only_the_row(executor: Executor[Any]) -> bool:
    """Whether the operation and its fragments ask for nothing but what depends on the row alone."""
    types = TypeInfo(executor.schema)
    finder = _Finder(types)
    for definition in (executor.operation, *(details.definition for details in executor.fragments.values())):
        visit(definition, TypeInfoVisitor(types, finder))
    return not finder.found_others


class _Finder(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.found_others = False
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        known = OF_THE_ROW.get(parent.name, frozenset()) if parent is not None else frozenset()
        if node.name.value not in {*known, "__typename"}:
            self.found_others = True
