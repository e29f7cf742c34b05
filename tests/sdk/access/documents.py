"""Asks for root fields as the table of access names them, and reads what each of them answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from graphql import GraphQLField, get_named_type, is_leaf_type, is_required_argument, is_union_type

from tests.sdk.access.conftest import World
from tests.sdk.access.table import TARGETS, Access, theirs
from webnet.api.schema import full_schema
from webnet.api.vocabulary.node import global_id
from webnet.sdk.trial.samples import make_sample

MOST_FIELDS = 15  # in a document, since it may have so many aliases
ANSWERS = ("ok", "null", "empty")
INVALID = "GRAPHQL_VALIDATION_FAILED"
# No row ever gets this one: the largest of 32 bits, since keys go on counting from test to test.
MISSING_KEY = "2147483647"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A root field, under `label` in its document."""

    label: str
    kind: str
    name: str
    declared: GraphQLField
    access: Access

    def at(self, view: str | None) -> Asked:
        """The same field in another view."""
        return replace(self, access=replace(self.access, view=view))

    def is_changing(self, who: str, target: str) -> bool:
        """Whether it is a mutation that is expected to succeed, or to count a wrong password."""
        return self.kind == "mutation" and self.access.expect(who, target) in (*ANSWERS, "BAD_CREDENTIALS")

    def is_alone(self, who: str, target: str) -> bool:
        """Whether its document has no other field: it changes something, or its error hides what others answer."""
        expected = self.access.expect(who, target)
        if self.kind == "query":
            return expected not in (*ANSWERS, INVALID, "CUSTOMER_NOT_FOUND")
        return self.kind == "subscription" or self.is_changing(who, target)


def root_fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """(kind of operation, name, declaration) of every root field, plugins included."""
    schema = full_schema().schema.graphql
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, each in kind.fields.items():
            yield kind.name.lower(), name, each


def fields_of(table: Mapping[str, Access]) -> list[Asked]:
    """The root fields that the table has."""
    return [
        Asked(label=name, kind=kind, name=name, declared=declared, access=table[name])
        for kind, name, declared in root_fields()
        if name in table
    ]


def find_wrong(world: World, who: str, fields: Sequence[Asked], *, changing: bool = False) -> list[str]:
    """What the person is answered otherwise than expected, and where foreign and missing can be told from each other.

    Only of what is expected to change something, or only of what is not.
    """
    wrong, hidden = [], defaultdict(dict)
    for target in TARGETS:
        for batch in batches([each for each in fields if each.is_changing(who, target) is changing], who, target):
            access = batch[0].access
            document = write_document(batch, target, world)
            response = send(world.clients[who].at(access.view_of(target)), document, is_undone=changing)
            for each, got in read_outcomes(response.json(), batch):
                if got != (expected := each.access.expect(who, target)):
                    place = access.view_of(target) or ""
                    wrong.append(f"/graphql/{place}: {each.label} of {target} for {who}: {got}, not {expected}")
            if target not in theirs(who, access.view):
                labels = ", ".join(each.label for each in batch)
                hidden[access.view, labels][target] = show(response, document, access.view_of(target))
    for (view, labels), shown in hidden.items():
        if len(set(shown.values())) > 1:
            wrong.append(f"/graphql/{view or ''}: {labels} for {who}: {shown}")
    return wrong


def batches(fields: Iterable[Asked], who: str, target: str) -> Iterator[Sequence[Asked]]:
    """The fields of one document each: of one kind of operation, in one view, for the same targets."""
    together = defaultdict(list)
    for each in fields:
        if target not in each.access.targets:
            continue
        if each.is_alone(who, target):
            yield [each]
        else:
            together[each.kind, each.access.view, each.access.targets].append(each)
    for found in together.values():
        yield from (found[start : start + MOST_FIELDS] for start in range(0, len(found), MOST_FIELDS))


def write_document(batch: Sequence[Asked], target: str, world: World) -> dict[str, Any]:
    """The body of the request, with all values as variables."""
    variables, head, calls = {}, [], []
    for each in batch:
        given = fill(each.access.given, target, world, view=each.access.view_of(target))
        arguments = each.declared.args
        if "input" in arguments:
            given = {"input": make_sample(arguments["input"].type) | given}
        given = {
            n: make_sample(argument.type) for n, argument in arguments.items() if is_required_argument(argument)
        } | given
        names = {argument: f"{each.label}_{argument}" for argument in given}
        head += [f"${name}: {arguments[argument].type}" for argument, name in names.items()]
        variables |= {names[argument]: value for argument, value in given.items()}
        call = f"({', '.join(f'{argument}: ${name}' for argument, name in names.items())})" if given else ""
        alias = f"{each.label}: " if each.label != each.name else ""
        calls.append(f"{alias}{each.name}{call} {selection_of(each)}")
    declared = f"({', '.join(head)})" if head else ""
    return {"query": f"{batch[0].kind}{declared} {{ {' '.join(calls)} }}", "variables": variables}


def selection_of(each: Asked) -> str:
    """What the table says, or as little as shows whether there is something."""
    kind = get_named_type(each.declared.type)
    if each.access.selection or is_leaf_type(kind):
        return each.access.selection
    if is_union_type(kind) and each.kind == "mutation":
        return "{ __typename ... on Refusal { code message } }"
    return "{ edges { node { __typename } } }" if "edges" in getattr(kind, "fields", {}) else "{ __typename }"


def fill(value: Any, target: str, world: World, *, view: str | None) -> Any:
    """The value with the target's slug, member and ids, and the view's cursor."""
    if isinstance(value, dict):
        return {name: fill(each, target, world, view=view) for name, each in value.items()}
    if isinstance(value, list):
        return [fill(each, target, world, view=view) for each in value]
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    name = value.strip("{}")
    known = {"customer": target, "user": f"{target}-member", "cursor": world.cursors.get(view, "none")}
    if name in known:
        return known[name]
    return world.ids[target][name] if target in world.ids else global_id(name, MISSING_KEY)


def send(client: Any, document: dict[str, Any], *, is_undone: bool) -> Any:
    """The response to a request, of which no change stays."""
    if not is_undone:
        return client.send(document)
    before = connection.savepoint()  # no `atomic`, in which the host may not begin a durable one
    response = client.send(document)
    connection.savepoint_rollback(before)
    return response


def read_outcomes(answer: dict[str, Any], batch: Sequence[Asked]) -> Iterator[tuple[Asked, str]]:
    """What each field answers: the code of its error or refusal, or whether there is something."""
    for each in batch:
        found = [error["extensions"]["code"] for error in answer.get("errors", ()) if is_about(each, error)]
        data = answer.get("data")
        yield each, found[0] if found else "no answer" if data is None else outcome_of(data[each.label])


def is_about(each: Asked, error: dict[str, Any]) -> bool:
    """Whether the error is the field's, or that of the whole request."""
    if "path" in error:
        return error["path"][0] == each.label
    return error["extensions"]["code"] != INVALID or f"'{each.name}' on type" in error["message"]


def outcome_of(value: Any) -> str:
    """The refusal's code, or whether there is something."""
    if isinstance(value, dict):
        value = value.get("refusal", value) or value
        if "code" in value:
            return value["code"]
        value = value.get("edges", value)
        for outcome in value.get("outcomes", ()) if isinstance(value, dict) else ():
            return outcome["refusal"]["code"] if outcome["refusal"] else "ok"
    return "null" if value in (None, [None]) else "empty" if value == [] else "ok"


def show(response: Any, sent: dict[str, Any], view: str | None, content: bytes | None = None) -> tuple[Any, ...]:
    """All that a client gets, without what it has sent itself, and what tells requests from each other."""
    text = (response.content if content is None else content).decode()
    text = text.replace(f"'{view}'", "'?'")
    for value in find_texts(sent["variables"]):
        text = text.replace(value, "?")
    headers = dict(response.headers)
    text = text.replace(headers.pop("X-Request-Id"), "?")
    kept = {name: value for name, value in headers.items() if name not in ("Date", "Content-Length")}
    return response.status_code, text, tuple(sorted(kept.items()))


def find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from find_texts(each)
