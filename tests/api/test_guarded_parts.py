"""What is left of a document without the parts that `@ifPlugin` guards: as it is validated, and as it is executed."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, parse, print_ast

from webnet.api.engine.guarded_parts import find_guards, pare


def words(text: str) -> str:
    return " ".join(text.split())


def validated(text: str, *effective: str) -> str:
    return words(print_ast(pare(parse(text), effective, ()).validated))


def executed(text: str, *effective: str, **conditions: bool) -> str:
    """Fields that are null are printed as `key: __typename`."""
    document = pare(parse(text), effective, tuple(conditions.items())).executed
    return words(print_ast(document)).replace("absent ", "absent")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{ a b @ifPlugin(name: "x") { c } }', "{ a }"),
        ('{ b @ifPlugin(name: "x") { c } }', "{ __typename }"),
        ('{ a { b @ifPlugin(name: "x") } }', "{ a { __typename } }"),
        ('{ a ... @ifPlugin(name: "x") { b } }', "{ a }"),
        ('{ a ... on T @ifPlugin(name: "x") { b } }', "{ a }"),
        ('{ a { ... on T { b @ifPlugin(name: "x") } } }', "{ a { ... on T { __typename } } }"),
        ('{ a ...F @ifPlugin(name: "x") } fragment F on T { b }', "{ a }"),
        ('{ a ...F } fragment F on T @ifPlugin(name: "x") { b }', "{ a }"),
        ('{ a ...F } fragment F on T { b @ifPlugin(name: "x") }', "{ a ...F } fragment F on T { __typename }"),
        # A fragment that is needed elsewhere stays, and so does one that nobody ever used, which is an error.
        ('{ ...F b @ifPlugin(name: "x") { ...F } } fragment F on T { c }', "{ ...F } fragment F on T { c }"),
        ('{ a b @ifPlugin(name: "x") { ...F } } fragment F on T { ...G } fragment G on T { c }', "{ a }"),
        ('{ a @ifPlugin(name: "x") } fragment F on T { c }', "{ __typename } fragment F on T { c }"),
        # Two that only spread each other and one that a part which is taken out spreads, in a circle.
        ('{ a @ifPlugin(name: "x") { ...F } } fragment F on T { ...F }', "{ __typename }"),
        ('{ ...F } fragment F on T @ifPlugin(name: "x") { ...F ...G } fragment G on T { b }', "{ __typename }"),
        # A kept fragment that only an unused one spreads: both are named in the error.
        (
            '{ a b @ifPlugin(name: "x") { ...G } } fragment F on T { ...G } fragment G on T { c }',
            "{ a } fragment F on T { ...G } fragment G on T { c }",
        ),
        # Variables.
        ('query($v: X) { a b(c: $v) @ifPlugin(name: "x") }', "{ a }"),
        ('query($v: X) { a(c: $v) b(c: $v) @ifPlugin(name: "x") }', "query ($v: X) { a(c: $v) }"),
        ('query($v: X) { a b @ifPlugin(name: "x") }', "query ($v: X) { a }"),
        ('query($v: X) { a @ifPlugin(name: "x") { ...F } } fragment F on T { b(c: $v) }', "{ __typename }"),
        ('query($v: X) { a ...F } fragment F on T @ifPlugin(name: "x") { b(c: $v) }', "{ a }"),
        ('query($v: X) { ...F } fragment F on T { a b(c: $v) @ifPlugin(name: "x") }', "{ ...F } fragment F on T { a }"),
        (
            'query($v: X) { a(c: $v) @ifPlugin(name: "x") ...F } fragment F on T { b(c: $v) }',
            "query ($v: X) { ...F } fragment F on T { b(c: $v) }",
        ),
        ('query($v: B!) { a b @include(if: $v) @ifPlugin(name: "x") }', "{ a }"),
        (
            "query A($v: X) { a(c: $v) ...F } query B($v: X) { ...F b } "
            'fragment F on T { c(d: $v) @ifPlugin(name: "x") }',
            "query A($v: X) { a(c: $v) ...F } query B { ...F b } fragment F on T { __typename }",
        ),
        # Several guards: all of the plugins are needed.
        ('{ a b @ifPlugin(name: "y") @ifPlugin(name: "x") }', "{ a }"),
        ('{ a b @ifPlugin(name: "y") { c @ifPlugin(name: "x") d } }', '{ a b @ifPlugin(name: "y") { d } }'),
        ('{ a @ifPlugin(name: "x") { b @ifPlugin(name: "y") } }', "{ __typename }"),
        ('mutation { a b @ifPlugin(name: "x") { c } }', "mutation { a }"),
        # Somewhere else it is left to the rules.
        ('query @ifPlugin(name: "y") { a }', 'query @ifPlugin(name: "y") { a }'),
    ],
)
def test_only_what_needs_no_absent_plugin_is_validated(text, left):
    assert validated(text, "y") == left


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ('{ a b @ifPlugin(name: "x") { c } }', "{ a b: __typename }"),
        ('{ k: b @ifPlugin(name: "x") @skip(if: false) { c } }', "{ k: __typename }"),
        ('{ b @ifPlugin(name: "x") @skip(if: true) @include(if: true) c @include(if: false) @ifPlugin(name: "x") }',
         "{}"),
        ('{ b @ifPlugin(name: "x") @skip(if: $yes) c @ifPlugin(name: "x") @include(if: $yes) }', "{ c: __typename }"),
        ('{ b @ifPlugin(name: "x") @skip(if: $other) c @ifPlugin(name: "x") @include(if: 5) }',
         "{ b: __typename c: __typename }"),
        ('{ a @ifPlugin(name: "y") b @ifPlugin(name: "y") @skip(if: $v) }', "{ a b @skip(if: $v) }"),
        ('{ a { ... on T @ifPlugin(name: "x") { b k: c { d } ... { e } } } }',
         "{ a { ... on T { b: __typename k: __typename ... { e: __typename } } } }"),
        ('{ ...F @ifPlugin(name: "x") } fragment F on T { b }',
         "{ ...absentF } fragment absentF on T { b: __typename }"),
        ('{ ...F ...G } fragment F on T @ifPlugin(name: "x") { b ...G ...F } fragment G on T { c }',
         "{ ...absentF ...G } fragment G on T { c } fragment absentF on T { b: __typename ...absentG ...absentF } "
         "fragment absentG on T { c: __typename }"),
        ('{ ...F @ifPlugin(name: "x") a }', "{ a }"),
        ('{ a @ifPlugin(name: "x") a { b } }', "{ a: __typename a { b } }"),
        # The name of a type needs no plugin.
        ('{ ... @ifPlugin(name: "x") { __typename @skip(if: $no) k: __typename b { __typename } } }',
         "{ ... { __typename k: __typename b: __typename } }"),
    ],
)  # fmt: skip
def test_what_is_taken_out_is_null_under_its_keys_where_the_client_would_have_it(text, done):
    assert executed(text, "y", yes=True) == done


def test_a_document_whose_plugins_are_effective_loses_its_guards_alone():
    text = '{ a @ifPlugin(name: "x") { ... on T @ifPlugin(name: "y") { b } ...F } } fragment F on T { c }'

    assert executed(text, "x", "y") == "{ a { ... on T { b } ...F } } fragment F on T { c }"
    assert validated(text, "x", "y") == words(print_ast(parse(text)))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ('subscription S { a @ifPlugin(name: "x") }', {"S"}),
        ('subscription { a @ifPlugin(name: "x") b }', {""}),
        ('subscription S { ... { ...F } } fragment F on T { ... @ifPlugin(name: "x") { a } ...F }', {"S"}),
        ('subscription S { ...F } fragment F on T @ifPlugin(name: "x") { a }', {"S"}),
        ('subscription S { a { b @ifPlugin(name: "x") } }', set()),
        ('subscription S { a @ifPlugin(name: "y") }', set()),
        ('query S { a @ifPlugin(name: "x") }', set()),
    ],
)
def test_a_subscription_without_its_event_is_refused(text, refused):
    assert pare(parse(text), ("y",), ()).refused == refused


def test_a_query_beside_a_refused_subscription_stays():
    text = 'query Q { a } subscription S($v: X) { b(c: $v) @ifPlugin(name: "x") { ...F } } fragment F on T { d }'

    assert validated(text) == "query Q { a }"


@pytest.mark.parametrize(
    "guard",
    [
        "@ifPlugin",
        "@ifPlugin(name: $v)",
        "@ifPlugin(name: null)",
        "@ifPlugin(name: X)",
        '@ifPlugin(name: ["x"])',
        '@ifPlugin(plugin: "x")',
        '@ifPlugin(name: "x", other: 1)',
        '@ifPlugin(name: "x", name: "y")',
    ],
)
def test_a_guard_that_does_not_say_which_plugin_is_refused(guard):
    with pytest.raises(GraphQLError, match="the name of one plugin as text"):
        find_guards(parse(f"query($v: String!) {{ a {guard} }}"))


def test_it_takes_time_and_space_in_proportion_to_the_document():
    """Each of these fragments spreads the next one twice: written out, they would have 2**60 fields."""
    count = 60
    text = '{ ...F0 @ifPlugin(name: "x") }' + "".join(
        f"fragment F{number} on T {{ a ...F{number + 1} ... {{ ...F{number + 1} }} }}" for number in range(count)
    )
    pared = pare(parse(f"{text} fragment F{count} on T {{ b }}"), (), ())

    assert words(print_ast(pared.validated)) == "{ __typename }"
    assert len(pared.executed.definitions) == count + 2
