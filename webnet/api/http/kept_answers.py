"""Keeps answers that depend on the plugins' state alone, for as long as that state is the current one.

Exact, and never by time: each request reads the generation tokens, and gets an answer only from the very state that
those name. Whoever may see something else has answers of their own.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple
from weakref import ref

import orjson
from django.utils import translation
from strawberry.http import GraphQLRequestData

from webnet.api.declarations.state_reads import StateRead
from webnet.api.engine.limits import EXPLAIN_HEADER, budget_of
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.request.context import Context
from webnet.api.responses import compact
from webnet.customers.models import Role
from webnet.plugins.gate.effective import CustomerState, PlatformState
from webnet.request_record import current_record

# Of all answers of this process together, with the documents that they answer.
MOST_BYTES = 8 * 1024 * 1024
# A larger answer takes so long to read that little is saved.
LARGEST_BYTES = 512 * 1024

State = CustomerState | PlatformState


class AnswerKey(NamedTuple):
    """Whose answer it is, and to what; `variables` are JSON with sorted names."""

    schema: str
    view: int | None
    is_platform_operator: bool
    role: Role | None
    language: str | None
    query: str
    operation_name: str | None
    variables: bytes


@dataclass(frozen=True, kw_only=True)
class KeptAnswer:
    """The bytes of an answer without errors; what the operation is for the log, and what it costs."""

    state: ref[State]
    body: bytes
    cost: int
    operation_type: str
    operation_name: str

    @cached_property
    def etag(self) -> str:
        """Its entity tag, for the answer to a GET."""
        return make_etag(self.body)


class KeptAnswers:
    """The answers that were used last, up to a number of bytes; safe under threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[AnswerKey, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: AnswerKey, state: State) -> KeptAnswer | None:
        """The answer under this very state."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None or answer.state() is not state:
                return None
            self._answers.move_to_end(key)
            return answer

    def put(self, key: AnswerKey, answer: KeptAnswer) -> None:
        size = _size_of(key, answer)
        if size > LARGEST_BYTES:
            return
        with self._lock:
            self._remove(key)
            self._answers[key] = answer
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._remove(next(iter(self._answers)))

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()
            self._bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def _remove(self, key: AnswerKey) -> None:
        former = self._answers.pop(key, None)
        if former is not None:
            self._bytes -= _size_of(key, former)


kept_answers = KeptAnswers()


def find_kept_answer(context: Context, key: AnswerKey | None) -> KeptAnswer | None:
    """The answer to this request, if it is known under the current state, and the viewer may spend so much at once."""
    answer = kept_answers.get(key, _state_of(context)) if key is not None else None
    return answer if answer is not None and answer.cost <= budget_of(context) else None


def keep_answer(context: Context, key: AnswerKey | None, body: bytes) -> KeptAnswer | None:
    """Keep a complete answer if it depends on the plugins' state alone."""
    is_kept = context.state_read is StateRead.ANYWHERE
    if context.state_read is StateRead.IN_VIEW:
        is_kept = context.reading.view is not None
    record = current_record.get()
    if not is_kept or key is None or record is None:
        return None
    answer = KeptAnswer(
        state=ref(_state_of(context)),
        body=compact(body),
        cost=context.cost,
        operation_type=record.operation_type,
        operation_name=record.operation_name,
    )
    kept_answers.put(key, answer)
    return answer


def note_operation(answer: KeptAnswer, context: Context) -> None:
    """Note for the log and the metrics what the document would have said."""
    context.cost = answer.cost
    if (record := current_record.get()) is not None:
        record.cost = answer.cost
        record.operation_type, record.operation_name = answer.operation_type, answer.operation_name


def make_etag(body: bytes) -> str:
    """A hash of the bytes. A generation token would tell of changes that the viewer can't see."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def _state_of(context: Context) -> State:
    reading = context.reading
    return reading.state_of(reading.view) if reading.view is not None else reading.platform


def make_key(context: Context, schema: Schema, wanted: GraphQLRequestData) -> AnswerKey | None:
    """None for who sees neither one customer nor the platform, and for what is answered in a way of its own."""
    reading, request = context.reading, context.request
    view, is_platform_operator = reading.view, context.actor.is_platform_operator
    if not context.is_signed_in or (view is None and not is_platform_operator) or EXPLAIN_HEADER in request.headers:
        return None
    try:
        variables = orjson.dumps(wanted.variables or {}, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits
        return None
    return AnswerKey(
        schema=schema.fingerprint,
        view=view.pk if view is not None else None,
        is_platform_operator=is_platform_operator,
        role=reading.role_in(view) if view is not None else None,
        language=translation.get_language(),
        query=wanted.query or "",
        operation_name=wanted.operation_name,
        variables=compact(variables),
    )


def _size_of(key: AnswerKey, answer: KeptAnswer) -> int:
    # A character of the document takes up to four bytes, and most take one.
    return len(answer.body) + len(key.query.encode(errors="replace")) + len(key.variables) + 1_000
