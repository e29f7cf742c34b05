"""A document with guarded parts is answered as without guards, and what a guard takes out is null: in all documents.

`make test` compares the answers to the same few documents each time; `make fuzz` to many, and others each time.
"""

from __future__ import annotations

import json
from random import Random, randrange
from typing import Any

import pytest
from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    InlineFragmentNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from tests.databases import one_database_is_enough
from tests.fuzzing import EXAMPLES as FUZZ_EXAMPLES
from tests.generated_documents import GeneratedDocument, sample
from tests.sdk.test_noninterference import World, ask, cases, world  # noqa: F401 - the fixture
from webnet.api.engine.limits import MAXIMUM_ALIASES

pytestmark = [one_database_is_enough, pytest.mark.django_db(transaction=True), pytest.mark.slow]

EXAMPLES = FUZZ_EXAMPLES or 25
FIRST_SEED = randrange(10**9) if FUZZ_EXAMPLES else 0  # noqa: S311 - it is no secret
# The keys of what is guarded, which no JSON in an answer has.
MARK = "guarded_"
# What is answered although it is guarded.
TYPE_NAME = "__typename"


class Marking(Visitor):
    """Gives the fields of these keys others, by which they are found in an answer."""

    def __init__(self, keys: set[str]) -> None:
        super().__init__()
        self.keys = keys
        self.count = 0

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        key = (node.alias or node.name).value
        if key not in self.keys or node.name.value == TYPE_NAME:
            return None
        self.count += 1
        return changed(node, alias=NameNode(value=f"{MARK}{key}"))


class Guarding(Visitor):
    """Guards the marked fields with a plugin, on the field or on a fragment around it."""

    def __init__(self, plugin: str, random: Random) -> None:
        super().__init__()
        name = ArgumentNode(name=NameNode(value="name"), value=StringValueNode(value=plugin))
        self.guard = DirectiveNode(name=NameNode(value="ifPlugin"), arguments=(name,))
        self.random = random

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        if node.alias is None or not node.alias.value.startswith(MARK):
            return None
        if self.random.random() < 0.5:
            return changed(node, directives=(*(node.directives or ()), self.guard))
        inner = SelectionSetNode(selections=(node,))
        return InlineFragmentNode(directives=(self.guard,), selection_set=inner)


def changed(node: FieldNode, **values: Any) -> FieldNode:
    own = {name: getattr(node, name) for name in ("alias", "name", "arguments", "directives", "selection_set")}
    return FieldNode(**own | values)


def keys_of(document: DocumentNode) -> list[str]:
    found: set[str] = set()

    class Finding(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if node.name.value != TYPE_NAME:
                found.add((node.alias or node.name).value)

    visit(document, Finding())
    return sorted(found)


def without_marked(value: Any) -> Any:
    """The answer with null in place of what is marked."""
    if isinstance(value, dict):
        return {key: None if key.startswith(MARK) else without_marked(each) for key, each in value.items()}
    return [without_marked(each) for each in value] if isinstance(value, list) else value


def without_places(answer: Any) -> str:
    """The answer, of whose document the lines are others."""
    for error in answer.get("errors", ()):
        error.pop("locations", None)
    return json.dumps(answer)


def test_guards_change_nothing_but_what_they_take_out(world: World) -> None:  # noqa: F811 - the fixture
    asked, compared, changed_answers, differences = cases(world), 0, 0, []
    for seed in range(FIRST_SEED, FIRST_SEED + EXAMPLES):
        random = Random(seed)  # noqa: S311 - which parts are guarded, is no secret
        who, view, document = sample(asked, seed=seed)
        parsed = parse(document.text)
        keys = keys_of(parsed)
        marking = Marking(set(random.sample(keys, min(len(keys), 3))))
        marked = visit(parsed, marking)
        if marking.count > MAXIMUM_ALIASES // 2:
            continue
        client = world.clients[who, view]
        plain = ask(client, GeneratedDocument(print_ast(marked), document.variables))
        for plugin in ("shelf", "never-installed"):
            guarded = print_ast(visit(marked, Guarding(plugin, random)))
            answer = ask(client, GeneratedDocument(guarded, document.variables))
            first, second = json.loads(plain[2]), json.loads(answer[2])
            if plugin == "shelf" and who:
                is_same = without_places(first) == without_places(second)
            elif "data" not in first:  # refused as a whole, such as for its cost, which is less without the parts
                is_same = True
            elif "errors" in first:  # of which those in a part that is taken out are gone
                is_same = len(second.get("errors", ())) <= len(first["errors"])
            else:
                is_same = json.dumps(without_marked(first["data"])) == json.dumps(second["data"])
                is_same &= second["extensions"]["cost"]["requested"] <= first["extensions"]["cost"]["requested"]
                compared, changed_answers = compared + 1, changed_answers + (first["data"] != second["data"])
            if not is_same:
                differences.append(f"seed {seed}, {who} at {view}, {plugin}: {guarded}\n{plain}\n{answer}")

    assert not differences, "\n\n".join(differences[:5])
    # Else it would say little.
    assert compared >= EXAMPLES / 4
    assert changed_answers >= compared / 2
