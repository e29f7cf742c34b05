"""A schema in which anything may go wrong at any place, by chance that a seed decides: for tests of executors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema
from graphql.pyutils import Undefined

from webnet.api.execution.field_steps import NEEDS_INFO, OfKind, OfRequest, OfSource

SDL = """
scalar Odd
enum Colour { RED GREEN }
union Either = Leaf | Branch
interface Named { name: String! }
type Leaf implements Named {
  name: String!, word: String, size: Int, whole: Int!, ratio: Float, flag: Boolean, key: ID, colour: Colour, odd: Odd
  odds: [Odd!], echo(text: String = "x", numbers: [Int!], colour: Colour): String
}
type Branch implements Named {
  name: String!, leaf: Leaf, needed: Leaf!, leaves: [Leaf], all: [Leaf!]!, grid: [[Leaf!]], words: [String!]
  numbers: [Int], named: Named, either: Either, things: [Either!], branch: Branch
  branches(first: Int, colour: Colour = RED): [Branch!]
}
type Query { branch(name: String): Branch, needed: Branch!, branches: [Branch!], leaves: [Leaf!]!, word: String }
type Mutation { branch: Branch, needed: Branch!, leaves: [Leaf!] }
type Subscription { branch: Branch, leaves: [Leaf!]! }
"""


class Name(str):
    """Text of another type."""

    __slots__ = ()


RED = Enum("Colour", {"RED": "RED", "GREEN": "GREEN"})
SCALARS: dict[str, list[Any]] = {
    "String": ["oak", "", Name("elm"), 3, 2.5, True, b"x"],
    "ID": ["key", 7],
    "Int": [0, 7, -(2**31), 2**31, 2**40, 2.0, 2.5, True, "9"],
    "Float": [1, 1.5, -2.0, float("nan"), float("inf"), "2.5"],
    "Boolean": [True, False, True, 1, 0, "yes"],
    "Colour": ["RED", "GREEN", RED.RED, "BLUE", 5],
    "Odd": [1, 3, 5, 2, 0, "5"],
}


class Broken(Exception):
    """Raised by a resolver of this schema."""


class Thing:
    """An object of the schema, whose values follow from the seed and its place, so that they are made again alike."""

    def __init__(self, kind: str, seed: str, world: World) -> None:
        self.kind = kind
        self.seed = seed
        self.world = world

    def value(self, name: str, declared: str) -> Any:
        return make_value(f"{self.seed}.{name}", declared, self.world)


class Loose(Thing):
    """One of which graphql-core's own resolver reads attributes, some of which are functions."""

    def __getattr__(self, name: str) -> Any:
        declared = DECLARED.get((self.kind, name))
        if declared is None or name in {"kind", "seed", "world"}:
            raise AttributeError(name)
        self.world.calls.append((self.seed, name))
        value = self.value(name, declared)
        if draw(f"{self.seed}.{name}.callable").random() < 0.5:
            return lambda info, **arguments: self.world.note(self, info, arguments) or value
        return value


@dataclass
class World:
    """What one execution has met."""

    is_async: bool = False
    trouble: float = 0.1
    calls: list[Any] = field(default_factory=list)

    def note(self, source: Any, info: Any, arguments: dict[str, Any], *, has_path: bool = True) -> None:
        nodes = [(node.loc.start, node.loc.end) for node in info.field_nodes]
        types = str(info.return_type), str(info.parent_type)
        seed = getattr(source, "seed", None)
        path = (info.path.as_list(), info.path.typename) if has_path else None
        self.calls.append((seed, info.field_name, path, nodes, types, arguments))
        assert info.context is self
        assert isinstance(info.variable_values, dict)
        assert info.schema.type_map["Leaf"] is LEAF


class Later:
    """A value that has to be awaited; what graphql-core leaves behind of coroutines would be warned of."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def draw(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - what fails in a test is no secret


def make_value(seed: str, declared: str, world: World) -> Any:
    """A value for the type; now and then one that is wrong for it, in one of many ways."""
    random = draw(seed)
    if random.random() < world.trouble:
        value: Any = random.choice([None, Undefined, Broken(seed), GraphQLError(seed), 5, "text", [], {}, object])
        value = random.choice([value, *SCALARS.get(declared.strip("!"), [])])
        if random.random() < 0.3:
            raise random.choice([Broken(seed), GraphQLError(seed, extensions={"code": "X"}), KeyError(seed)])
    else:
        value = make_right(seed, declared, world, random)
    return Later(value) if world.is_async and random.random() < 0.2 else value


def make_right(seed: str, declared: str, world: World, random: Random) -> Any:
    is_required = declared.endswith("!")
    declared = declared.removesuffix("!")
    if not is_required and random.random() < 0.1:
        return None
    if declared.startswith("["):
        items = [make_item(f"{seed}.{number}", declared[1:-1], world) for number in range(random.randrange(4))]
        return random.choice([list, list, list, tuple, iter, lambda each: (item for item in each)])(items)
    if declared in SCALARS:
        return random.choice(SCALARS[declared][:3])  # those that are right
    kind = random.choice(["Leaf", "Branch"]) if declared in {"Named", "Either"} else declared
    return random.choice([Thing, Thing, Loose])(kind, seed, world)


def make_item(seed: str, declared: str, world: World) -> Any:
    random = draw(f"{seed} item")
    if random.random() < world.trouble:
        bare = declared.strip("![]")
        wrong = [None, Broken(seed), Undefined, 5, *SCALARS.get(bare, [])]
        value = random.choice(wrong)
    else:
        value = make_right(seed, declared, world, random)
    return Later(value) if world.is_async and random.random() < 0.2 else value


def make_schema() -> GraphQLSchema:
    schema = build_schema(SDL)
    schema.type_map["Odd"].coerce_output_value = coerce_odd
    for name in ("Leaf", "Branch", "Query", "Mutation", "Subscription"):
        for number, (field_name, each) in enumerate(schema.type_map[name].fields.items()):
            declared = str(each.type)
            DECLARED[name, field_name] = declared
            is_root = name not in {"Leaf", "Branch"}
            resolve = resolve_root(declared) if is_root else resolve_as_usual(field_name, declared)
            change = (of_source, of_request, None)[number % 3]
            is_changed = change is not None and resolve is not None and not is_root and not (number % 3 and each.args)
            each.resolve = change(field_name, declared, resolve) if is_changed else resolve
    schema.type_map["Leaf"].is_type_of = OfKind(is_surely_leaf, is_leaf)
    schema.type_map["Named"].resolve_type = schema.type_map["Either"].resolve_type = name_type
    return schema


def coerce_odd(value: Any) -> Any:
    if isinstance(value, int) and value % 2 == 0:
        if value == 0:
            return None
        raise Broken(f"{value} is even")
    return value


def resolve_root(declared: str) -> Callable[..., Any]:
    def resolve(_source: Any, info: Any, **arguments: Any) -> Any:
        world = info.context
        world.note(None, info, arguments)
        return make_value(f"{'.'.join(map(str, info.path.as_list()))}", declared, world)

    return resolve


def resolve_as_usual(name: str, declared: str) -> Callable[..., Any] | None:
    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        if not isinstance(source, Thing):
            raise Broken(f"{name} of {type(source).__name__}")
        source.world.note(source, info, arguments)
        return source.value(name, declared)

    return None if name in {"word", "numbers", "branch"} else resolve


def of_request(name: str, declared: str, _resolve: Callable[..., Any]) -> Any:
    """What depends on the source and on `info`, but for its path."""

    def bind(info: Any) -> Callable[[Any], Any]:
        def read(source: Any) -> Any:
            if not isinstance(source, Thing):
                raise Broken(f"{name} of {type(source).__name__}")
            source.world.note(source, info, {}, has_path=False)
            return source.value(name, declared)

        return read

    return OfRequest(bind)


def of_source(name: str, declared: str, resolve: Callable[..., Any]) -> Any:
    """What depends on the source alone, and sometimes nevertheless needs `info`."""

    def read(source: Any) -> Any:
        if not isinstance(source, Thing):
            raise Broken(f"{name} of {type(source).__name__}")
        if draw(f"{source.seed}.{name}.info").random() < 0.1:
            return NEEDS_INFO
        source.world.calls.append((source.seed, name))
        return source.value(name, declared)

    def resolve_noting(source: Any, info: Any) -> Any:
        value = read(source)
        return resolve(source, info) if value is NEEDS_INFO else value

    return OfSource(read, resolve_noting)


def is_surely_leaf(value: Any) -> bool:
    return type(value) is Thing and draw(f"{value.seed} is surely a leaf").random() < 0.5


def is_leaf(value: Any, info: Any) -> Any:
    if is_surely_leaf(value):
        return True
    info.context.calls.append(("is_leaf", info.field_name, info.path.as_list()))
    if not isinstance(value, Thing):
        raise Broken("no leaf")
    random = draw(f"{value.seed} is leaf")
    verdict = random.choice([True, True, True, 1, False]) if random.random() < info.context.trouble else True
    return Later(verdict) if info.context.is_async and random.random() < 0.2 else verdict


def name_type(value: Any, info: Any, _kind: Any) -> Any:
    info.context.calls.append(("name_type", info.field_name, info.path.as_list()))
    return value.kind


DECLARED: dict[tuple[str, str], str] = {}
SCHEMA = make_schema()
LEAF = SCHEMA.type_map["Leaf"]
