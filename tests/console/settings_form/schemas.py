"""Settings schemas and values that hypothesis makes up, odd names and stored leftovers included."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.one_of(
    st.sampled_from(["host", "port", "a/b", "m~n", "x.y", "list[0]", "~+0", "~1", "", " "]),
    st.sampled_from(["*", "ä", "0", "name:/x", "שלום"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
TEXTS = st.one_of(
    st.sampled_from(["", "x", "\n", "\nfirst", "two\nlines\n", "a\r\nb", "\r", " x ", "<b>&\"'", "null", "1", "on"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
)
INTEGERS = st.one_of(st.integers(-9, 9), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.one_of(INTEGERS, FLOATS, st.sampled_from([1.0, -0.0, 1e20, 1e-300]))
SCALARS = st.one_of(TEXTS, INTEGERS, NUMBERS, st.booleans())
# Of any shape, as older versions of a plugin may have left it; only arrays have nulls in a stored layer.
LEFTOVERS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(st.one_of(inner, st.none()), max_size=3), st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)

LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "string", "minLength": 1, "maxLength": 300, "pattern": "^.*$", "title": "T"}),
    st.sampled_from(["email", "uri", "date", "date-time", "time"]).map(lambda name: {"type": "string", "format": name}),
    st.just({"type": "integer", "minimum": -5}),
    st.just({"type": "number", "exclusiveMaximum": 1e9}),
    st.just({"type": "boolean", "default": True}),
    st.just({"type": ["string", "null"], "default": None}),
    st.just({"type": ["integer", "boolean", "string"]}),
    st.lists(SCALARS, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    SCALARS.map(lambda value: {"const": value}),
    st.just({"$ref": "#/$defs/node"}),
    st.just({}),
    st.just({"type": "array"}),
)


def _wrap(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        _objects(inner),
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda values: {"type": "object", "additionalProperties": values}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"oneOf": branches}),
        st.tuples(inner, inner).map(lambda two: {"anyOf": [*two, {"type": "null"}]}),
        st.tuples(_objects(inner), _objects(inner)).map(lambda two: {"allOf": list(two)}),
        st.lists(_objects(inner), min_size=2, max_size=3).map(_discriminate),
    )


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    made = st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    return st.tuples(made, st.booleans()).map(
        lambda both: {"type": "object", "properties": both[0], "required": list(both[0])[: both[1]]}
    )


def _discriminate(branches: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "oneOf": [
            {**each, "properties": {**each["properties"], "kind": {"const": f"k{number}"}}, "required": ["kind"]}
            for number, each in enumerate(branches)
        ]
    }


PARTS = st.recursive(LEAVES, _wrap, max_leaves=6)
SCHEMAS = _objects(PARTS).map(
    lambda schema: {
        **schema,
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
            }
        },
    }
)


@st.composite
def values_of(draw: st.DrawFn, schema: dict[str, Any], depth: int = 0) -> Any:  # noqa: C901 - a branch for each word
    """A value that mostly fits."""
    if depth > 4 or draw(st.integers(0, 9)) == 0:
        return draw(LEFTOVERS)
    for word in ("oneOf", "anyOf"):
        if word in schema:
            branch = draw(st.sampled_from(schema[word]))
            return draw(values_of(branch, depth)) if branch != {"type": "null"} else "x"
    if "allOf" in schema:
        parts = [draw(values_of(part, depth)) for part in schema["allOf"]]
        return {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}
    if "const" in schema or "enum" in schema:
        return draw(st.sampled_from(schema.get("enum", [schema.get("const")])))
    if "$ref" in schema:
        return draw(st.sampled_from([{}, {"value": "x"}, {"next": {"value": "y"}}, {"next": {"next": {}}}]))
    if "properties" in schema:
        return draw(_members(schema["properties"], depth))
    if "additionalProperties" in schema:
        members = draw(st.lists(NAMES, max_size=2, unique=True))
        return {name: draw(values_of(schema["additionalProperties"], depth + 1)) for name in members}
    if "items" in schema:
        return draw(st.lists(values_of(schema["items"], depth + 1), max_size=3))
    kinds = schema.get("type", "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    values = {"string": TEXTS, "integer": INTEGERS, "number": NUMBERS, "boolean": st.booleans()}
    return draw(values.get(kind, LEFTOVERS))


@st.composite
def _members(draw: st.DrawFn, properties: dict[str, Any], depth: int) -> dict[str, Any]:
    return {name: draw(values_of(inner, depth + 1)) for name, inner in properties.items() if draw(st.booleans())}


@st.composite
def layers(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A schema, a layer's own values, and what it inherits."""
    schema = draw(SCHEMAS)
    own, below = (draw(_members(schema["properties"], 0)) for _ in range(2))
    extra = draw(st.dictionaries(NAMES, LEFTOVERS, max_size=1))
    return schema, {**extra, **own}, below
