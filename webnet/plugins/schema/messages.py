"""Describes errors in settings in plain language, without ever including a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import ValidationError

from webnet.errors import SettingsIssue
from webnet.plugins.schema.walk import join_pointer
from webnet.values.patterns import compile_pattern

_TYPES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_FORMATS = {
    "email": "an e-mail address",
    "idn-email": "an e-mail address",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "date": "a date such as 2030-12-31",
    "date-time": "an instant such as 2030-12-31T23:59:59Z",
    "time": "a time such as 23:59:59Z",
    "duration": "a duration such as PT15M",
    "hostname": "a host name",
    "idn-hostname": "a host name",
    "json-pointer": "a JSON Pointer such as /list/0",
    "relative-json-pointer": "a relative JSON Pointer such as 1/list",
    "uri": "a full URL",
    "uri-reference": "a URL",
    "uri-template": "a template of a URL such as /users/{id}",
    "regex": "a regular expression",
    "uuid": "a UUID",
}

# The messages for the keywords of draft 2020-12. They may show values of the schema, but not those of the settings.
_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "type": lambda types: f"must be {_describe_types([types] if isinstance(types, str) else types)}",
    "enum": lambda options: f"must be one of {', '.join(_as_json(option) for option in options)}",
    "const": lambda value: f"must be {_as_json(value)}",
    "format": lambda name: f"must be {_FORMATS.get(name, f'in the format {name}')}",
    "pattern": lambda pattern: f"must match the pattern {pattern}",
    "minLength": lambda count: f"must have at least {_count(count, 'character')}",
    "maxLength": lambda count: f"must have at most {_count(count, 'character')}",
    "minimum": lambda limit: f"must be {limit} or more",
    "maximum": lambda limit: f"must be {limit} or less",
    "exclusiveMinimum": lambda limit: f"must be more than {limit}",
    "exclusiveMaximum": lambda limit: f"must be less than {limit}",
    "multipleOf": lambda step: f"must be a multiple of {step}",
    "minItems": lambda count: f"must have at least {_count(count, 'item')}",
    "maxItems": lambda count: f"must have at most {_count(count, 'item')}",
    "uniqueItems": lambda _: "must not contain an item twice",
    "contains": lambda _: "lacks a required item, or has too many of them",
    "minContains": lambda _: "has too few of the required items",
    "maxContains": lambda _: "has too many of the required items",
    "minProperties": lambda count: f"must have at least {_count(count, 'member')}",
    "maxProperties": lambda count: f"must have at most {_count(count, 'member')}",
    "propertyNames": lambda _: "has a member whose name is not allowed",
    "unevaluatedProperties": lambda _: "has members that are not allowed here",
    "unevaluatedItems": lambda _: "has more items than are allowed",
    "not": lambda form: "has a value that is not allowed here" if form else "is not allowed here",
}


def describe_errors(errors: Iterable[ValidationError]) -> Iterator[SettingsIssue]:
    """One or more issues for each error that `jsonschema` found."""
    for error in errors:
        expected: Any = error.validator_value
        if error.validator == "required":
            yield from _describe_missing(error, expected)
        elif error.validator == "dependentRequired":
            for name, needed in expected.items():
                yield from _describe_missing(error, needed if name in _instance(error) else ())
        elif error.validator == "additionalProperties" and expected is False:
            yield from _describe_unknown(error)
        else:
            yield SettingsIssue(path=join_pointer(error.absolute_path), message=_describe(error))


def _describe_types(types: Iterable[str]) -> str:
    """JSON types in plain language: "a string or null"."""
    return " or ".join(_TYPES.get(one, one) for one in types)


def _describe(error: ValidationError) -> str:
    if error.validator is None:  # The error of the schema `false`, which allows nothing.
        return "is not allowed here"
    if error.validator in {"anyOf", "oneOf"}:
        return _describe_alternatives(error)
    whole = isinstance(error.instance, float) and error.instance.is_integer()
    if whole and error.validator == "type" and "integer" in str(error.validator_value):
        return "must be an integer that fits into 64 bits"
    sentence = _SENTENCES.get(str(error.validator))
    return sentence(error.validator_value) if sentence else f"does not match the schema ({error.validator})"


def _describe_alternatives(error: ValidationError) -> str:
    context = error.context or []
    if not context:
        return "matches more than one of the alternatives, and must match exactly one"
    if all(inner.validator == "type" and not inner.relative_path for inner in context):
        expected: list[Any] = [inner.validator_value for inner in context]
        types = [name for one in expected for name in ([one] if isinstance(one, str) else one)]
        return f"must be {_describe_types(dict.fromkeys(types))}"
    return "does not match any of the alternatives"


def _describe_missing(error: ValidationError, names: Iterable[str]) -> Iterator[SettingsIssue]:
    for name in names:
        if name not in _instance(error):
            yield SettingsIssue(path=join_pointer([*error.absolute_path, name]), message="is required")


def _describe_unknown(error: ValidationError) -> Iterator[SettingsIssue]:
    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    for name in _instance(error):
        if name in known or any(compile_pattern(pattern).is_in(name) for pattern in patterns):
            continue
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        yield SettingsIssue(path=join_pointer([*error.absolute_path, name]), message=f"is unknown{hint}")


def _instance(error: ValidationError) -> Any:
    return error.instance


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
