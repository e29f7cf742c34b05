"""Settings schemas and documents of any kind: each is taken or refused soon, and nothing of them is kept.

`make test` tries the same few each time; `make fuzz` many, and others each time.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import thread_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import EXAMPLES, examples
from webnet.errors import InvalidSettings, PluginDefinitionError
from webnet.plugins.schema.merge_patch import merge_patch
from webnet.plugins.schema.settings_schema import SettingsSchema
from webnet.plugins.schema.validator import TooManySteps, bounded_steps, make_validator

# Of the thread's own time; what takes all of its steps takes about one, and some more on a slow machine.
SOON = 4
# A document is up to 100 KiB, so this is less than two of ten.
MOST_KIB = 150

# What a failure is shown with would be a warning, and hide the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

NAMES = st.sampled_from(["a", "b", "", "a/b", "m~n", "0", "$ref", "x" * 200, "é"])
NUMBERS = st.one_of(
    st.integers(-3, 10), st.sampled_from([0.5, 1e308, 5e-324, -(2**63), 2**63, 10**40, float("nan"), float("inf")])
)
TEXTS = st.one_of(
    st.text(st.characters(), max_size=6),
    st.sampled_from(["x" * 10_000, "a" * 30 + "!", "\0", "\ud800", "2024-02-29", "::1", "a@b", "(" * 500, "[" * 99]),
)


def nest(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = {"a": value}
    return value


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=6,
)
# No larger than what a request can have.
DOCUMENTS = st.one_of(
    VALUES,
    st.builds(lambda value, count: [value] * count, VALUES, st.sampled_from([50, 2_000])),
    st.builds(lambda value: {f"n{number}": value for number in range(500)}, VALUES),
    st.builds(nest, VALUES, st.sampled_from([20, 60, 900])),
)
PATTERNS = st.sampled_from(
    ["^(a+)+$", "^(a|aa)+$", "(.*a){20}", "a{1000}", "(a{50}){50}", "(?=a)", r"(a)\1", "[", r"\p{L}+", "", "^.{0,999}$"]
)
FORMATS = st.sampled_from(["email", "uri", "regex", "date", "idn-hostname", "ipv6", "duration", "uri-template", "what"])
REFERENCES = st.sampled_from(
    ["#", "#/$defs/a", "#/$defs/b", "#/$defs/c", "#/properties/a", "https://example.com/x", "#a", "#/%", "file:///"]
)


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> Any:
    """A schema of a few keywords; at the bottom one that takes everything or nothing, or refers to another."""
    if depth == 0:
        return draw(st.one_of(st.booleans(), st.just({}), REFERENCES.map(lambda ref: {"$ref": ref})))
    inner = schemas(depth - 1)
    named, several = st.dictionaries(NAMES, inner, max_size=3), st.lists(inner, min_size=1, max_size=3)
    keywords = {
        **dict.fromkeys(("properties", "$defs", "dependentSchemas"), named),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), several),
        **dict.fromkeys(("items", "additionalProperties", "unevaluatedProperties", "not", "if", "then"), inner),
        **dict.fromkeys(("contains", "unevaluatedItems", "propertyNames", "else"), inner),
        **dict.fromkeys(("const", "default"), VALUES),
        **dict.fromkeys(("minLength", "maxItems", "minProperties", "maximum", "multipleOf"), NUMBERS),
        "$ref": REFERENCES,
        "enum": st.lists(VALUES, max_size=4),
        "format": FORMATS,
        "pattern": PATTERNS,
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
        "required": st.lists(NAMES, max_size=3),
        "type": st.sampled_from(["object", "array", "string", "integer", "null", ["object", "null"], "x", 3]),
        "uniqueItems": st.booleans(),
        "writeOnly": st.booleans(),
        "x-webnet-scope": st.sampled_from(["platform", "customer", "x"]),
    }
    names = draw(st.lists(st.sampled_from(sorted(keywords)), max_size=4, unique=True))
    return {name: draw(keywords[name]) for name in names}


def double(count: int) -> Any:
    """A schema each of whose definitions refers to the next one twice."""
    return {
        "$ref": "#/$defs/0",
        "$defs": {
            str(number): {
                "anyOf": [{"properties": {name: {"$ref": f"#/$defs/{(number + 1) % count}"}}} for name in "ab"]
            }
            for number in range(count)
        },
    }


def nest_schema(leaf: Any, depth: int) -> Any:
    for _ in range(depth):
        leaf = {"properties": {"a": leaf}}
    return leaf


DECLARED = st.one_of(
    schemas(),
    schemas(3),
    DOCUMENTS,
    st.integers(2, 40).map(double),
    st.builds(nest_schema, schemas(1), st.sampled_from([30, 90, 3_000])),
    # The largest takes most of a second.
    schemas(1).map(lambda leaf: {"properties": {f"n{number}": leaf for number in range(1_500 if EXAMPLES else 150)}}),
)
# What plugins do have, so that documents come to be checked.
GOOD = st.sampled_from(
    [
        {"properties": {"a": {"pattern": "^(a+)+$"}, "b": {"uniqueItems": True, "items": {"type": "integer"}}}},
        {"properties": {"a": {"$ref": "#"}, "b": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}}},
        {"properties": {"a": {"format": "email"}, "b": {"enum": [1, "x", {"a": [1]}]}}, "unevaluatedProperties": False},
        {"additionalProperties": {"oneOf": [{"$ref": "#"}, {"items": {"multipleOf": 0.01}}, {"format": "regex"}]}},
        {"patternProperties": {"^(a|aa)+$": {"contains": {"const": 1}}}, "propertyNames": {"maxLength": 5}},
    ]
).map(SettingsSchema)


@contextmanager
def soon() -> Iterator[None]:
    started = thread_time()
    yield
    assert thread_time() - started < SOON


@pytest.mark.slow
@examples(EXAMPLES // 5 or 30)
@given(declared=DECLARED, document=DOCUMENTS)
def test_a_schema_is_taken_or_refused_and_what_it_says_of_a_document_too(declared: Any, document: Any) -> None:
    with soon():
        try:
            schema = SettingsSchema(declared)
        except PluginDefinitionError:
            return

    with soon():
        use(schema, document)


@pytest.mark.slow
@examples(EXAMPLES // 5 or 30)
@given(schema=GOOD, document=DOCUMENTS)
def test_a_document_is_taken_or_refused_soon(schema: SettingsSchema, document: Any) -> None:
    with soon():
        use(schema, document)


def use(schema: SettingsSchema, document: Any) -> None:
    """What is done with settings on the way to be stored, and when they are shown."""
    patch = document if isinstance(document, dict) else {"a": document}
    try:
        merged = merge_patch(schema.defaults(), patch)
    except InvalidSettings:
        return
    issues = schema.validate(merged)
    assert len(issues) <= 100 and all(len(issue.message) < 2_000 for issue in issues)
    schema.secret_paths()
    schema.for_clients(sees_platform_only=False)
    read = schema.for_clients(sees_platform_only=True)
    # Clients' own validators come to the same end, unless webnet did not look so far.
    with suppress(TooManySteps), bounded_steps():
        accepted = [make_validator(each).is_valid(merged) for each in (schema.schema, read)]
        assert accepted[0] == accepted[1]
    if not issues:
        schema.find_platform_only(patch)
        schema.with_integers(merged)


def test_nothing_is_kept_of_documents_that_were_checked() -> None:
    schema = SettingsSchema({"properties": {"a": {"items": {"format": "email"}}, "b": {"pattern": "^(a+)+$"}}})
    kept = []
    tracemalloc.start()
    try:
        for number in range(20):
            schema.validate({"a": [f"{number} is no mailbox"] * 20, "b": f"{number:02}" * 50_000})
            if number in (9, 19):
                gc.collect()
                kept.append(tracemalloc.get_traced_memory()[0] / 1_024)
    finally:
        tracemalloc.stop()

    assert kept[1] - kept[0] < MOST_KIB
